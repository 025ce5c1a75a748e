"""Presence: who is online, who is reachable by push, and who watches whom."""
