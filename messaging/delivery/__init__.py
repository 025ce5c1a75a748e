"""Delivering: an event from its birth to the sockets of this process.

`publisher` encodes it once and hands it to the own `hub` and to the `link`; the link carries it
to the hubs of the other instances; a hub hands it, in order, to the `connection`s of the
participants. `presence` knows who is connected anywhere.
"""
