"""The beacon: what this instance committed lately, said again and again.

Every second an instance publishes a numbered beacon that carries what it committed during its
last five beacons: `{conversation: version}` and who was added. A hub that is behind it fills
from the store. That is what finds a lost *last* event, after which nothing else would come, at
no store read while nothing is lost. An entry is let go once five own beacons with it came back.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

BEACON_SECONDS = 1.0
REPEATS = 5
_MOST_ENTRIES = 10_000


@dataclass(slots=True)
class _Entry:
    version: int
    added: set[str] = field(default_factory=set)
    repeats: int = REPEATS


class RecentCommits:
    """Bounded, the oldest out first: so many gather only while the link is down, and then the
    others read the store."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def note(self, conversation_id: str, version: int, added: Iterable[str] = ()) -> None:
        entry = self._entries.setdefault(conversation_id, _Entry(version))
        entry.version = max(entry.version, version)
        entry.added.update(added)
        entry.repeats = REPEATS
        self._entries.move_to_end(conversation_id)
        if len(self._entries) > _MOST_ENTRIES:
            self._entries.popitem(last=False)

    def as_message(self) -> Mapping[str, Any]:
        return {
            conversation_id: [entry.version, sorted(entry.added)]
            for conversation_id, entry in self._entries.items()
        }

    def came_back(self, conversation_ids: Iterable[str]) -> None:
        """A beacon with these conversations made the round through Redis."""
        for conversation_id in conversation_ids:
            entry = self._entries.get(conversation_id)
            if entry is not None:
                entry.repeats -= 1
                if entry.repeats == 0:
                    del self._entries[conversation_id]
