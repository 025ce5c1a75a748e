"""Where work of an instance waits before it reads the store.

`chat.limits.person_turns` has the turns of each person's requests.
"""

from messaging.concurrency.keyed_locks import KeyedLocks
from messaging.concurrency.turns import Turns
from messaging.runtime.admission import Admission

_PLACES = 16
"""The connects, and the syncs, that read the store at once while thousands of clients return."""


class StoreTurns:
    def __init__(self) -> None:
        # Two of them, so that a reconnect storm does not delay the syncs of connected clients.
        self.connecting = Admission(_PLACES)
        self.syncing = Admission(_PLACES)
        self.own_reads = Turns(places=1, most_waiting=16, patience=4.0, rest=0)
        """The reads of one person whose cost depends on that person's data."""
        self.preferences: KeyedLocks[tuple[str, str]] = KeyedLocks()
        """By conversation id and user id."""
        self.settings: KeyedLocks[str] = KeyedLocks()
        """By user id."""
