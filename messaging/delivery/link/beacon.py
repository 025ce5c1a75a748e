"""The beacon: repeats the recent commits of this instance every second.

A beacon is numbered and contains the commits of the last five beacons: `{conversation: version}`
and the added people. A hub that is behind reads the missing versions from the store. So a lost
*last* event is found, which no later event would reveal, and nothing is read while nothing is lost.
An entry is dropped once five own beacons with it have come back.

With n instances, that is n² messages a second. If there are many instances, a beacon therefore goes
to its sender alone, and shows that the link is up. Each conversation's commits are reported in the
group of the conversation, several times after the last one. The last time is when every instance
that was cut off meanwhile has either noticed it or is connected again.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from messaging.delivery.field_types import MAX_PEOPLE
from messaging.delivery.link.messages import Commits

BEACON_SECONDS = 1.0
REPEATS = 5
REPORTS = (2, 3, 5, 8)
"""The beacons after a commit with which it is reported. An instance that is cut off for four
seconds notices this, so the last report is later. It is also later than the end of a slow read with
which an instance begins to follow a conversation."""
_MAX_ENTRIES = 10_000
_MAX_ADDED = 50_000
"""The people in all entries together: they determine the size of a beacon."""


@dataclass(slots=True)
class _Entry:
    version: int
    added: set[str] = field(default_factory=set)
    repeats: int = REPEATS
    age: int = 0
    """The beacons to the sender alone since the last commit."""


class RecentCommits:
    """Recent commits; bounded, drops the oldest. It fills up only while the link is down, and then
    the other instances read the store."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._added = 0

    def __len__(self) -> int:
        return len(self._entries)

    def note(self, conversation_id: str, version: int, added: Iterable[str] = ()) -> None:
        entry = self._entries.setdefault(conversation_id, _Entry(version))
        entry.version = max(entry.version, version)
        self._added -= len(entry.added)
        entry.added.update(added)
        while len(entry.added) > MAX_PEOPLE:  # nobody would accept the beacon
            entry.added.pop()
        self._added += len(entry.added)
        entry.repeats, entry.age = REPEATS, 0
        self._entries.move_to_end(conversation_id)
        while len(self._entries) > _MAX_ENTRIES or self._too_heavy:
            _, oldest = self._entries.popitem(last=False)
            self._added -= len(oldest.added)

    @property
    def _too_heavy(self) -> bool:
        return self._added > _MAX_ADDED and len(self._entries) > 1

    def as_message(self) -> Mapping[str, Commits]:
        return {
            conversation_id: Commits(entry.version, sorted(entry.added))
            for conversation_id, entry in self._entries.items()
        }

    def take_due(self) -> Sequence[tuple[str, Commits]]:
        """Return what to report now in the groups of the conversations. Call this once for each
        beacon to the sender alone. An entry is dropped after its last report; `note` it again if a
        report is lost."""
        due = []
        for conversation_id, entry in list(self._entries.items()):
            entry.age += 1
            if entry.age in REPORTS:
                due.append((conversation_id, Commits(entry.version, sorted(entry.added))))
            if entry.age >= REPORTS[-1]:
                self._drop(conversation_id)
        return due

    def came_back(self, conversation_ids: Iterable[str]) -> None:
        """Note that a beacon with these conversations came back through Redis."""
        for conversation_id in conversation_ids:
            entry = self._entries.get(conversation_id)
            if entry is not None:
                entry.repeats -= 1
                if entry.repeats == 0:
                    self._drop(conversation_id)

    def _drop(self, conversation_id: str) -> None:
        self._added -= len(self._entries.pop(conversation_id).added)
