"""Whole chats that speak XMPP: how to speak it, and how their servers are started."""
