"""Delivery: the path of an event from its creation to the sockets of this process.

`publisher` encodes an event once and passes it to the local `hub` and to the `link`. The link
carries it to the hubs of the other instances. A hub passes it, in order, to the `connection`s of
the participants. `presence` tracks who is connected anywhere.
"""
