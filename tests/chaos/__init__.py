"""Faults: what happens to people's chats when parts of the cloud break under them.

`python -m tests.chaos` (or `make chaos`) runs real instances, a Redis and the Firestore emulator,
lets a crowd chat, breaks something (`cases`), and then holds what the crowd saw and what is stored
against what was acknowledged (`checks`).
"""
