"""The participants of one conversation who matter on this instance.

These are the people who are connected to this process, and those whose presence is watched here.
When a person connects later, their membership is read from the store, as of some version. If the
conversation was delivered beyond that version, the roster must know whether they were removed
since. It therefore remembers the latest changes of people.
"""

from collections import OrderedDict
from collections.abc import Container, Mapping, Set

from messaging.delivery.delivery import Delivery

_REMEMBERED_CHANGES = 50
"""The number of people whose latest change a roster remembers. A user id has at most 128 bytes."""


class Roster:
    def __init__(self, version: int, participants: Mapping[str, int], count: int | None) -> None:
        """Create a roster. `participants` is the version they joined at, by user id. `count` is the
        number of all participants; None if unknown."""
        self._participants = dict(participants)
        self._count = count
        self._version = version
        self._changes: OrderedDict[str, tuple[int, int | None]] = OrderedDict()
        """The latest change of each person: its version, and the version they joined at, None for a
        removal."""
        self._changes_above = version
        """All changes of people above this version are remembered."""

    @property
    def participants(self) -> Mapping[str, int]:
        """Return the people who matter here and are in the conversation: the version they joined
        at, by user id."""
        return self._participants

    @property
    def count(self) -> int | None:
        """Return the number of all participants; None if unknown."""
        return self._count

    def replace(self, version: int, participants: Mapping[str, int], count: int) -> None:
        """Continue from a state read from the store. The single changes of people up to it are
        unknown."""
        self._version = self._changes_above = version
        self._participants = dict(participants)
        self._count = count
        self._changes.clear()

    def advance(self, version: int) -> None:
        """Note that the conversation was delivered up to this version."""
        self._version = version

    def apply(self, delivery: Delivery, connected: Container[str]) -> None:
        """Add and remove the people of this change. `connected` are the people who have a socket on
        this instance."""
        for user_id, joined in delivery.added.items():
            if user_id in connected or user_id in self._participants:
                self._participants[user_id] = joined
            self._remember(user_id, delivery.version, joined)
        for user_id in delivery.removed:
            self._participants.pop(user_id, None)
            self._remember(user_id, delivery.version, None)
        if self._count is not None:
            self._count += len(delivery.added) - len(delivery.removed)

    def keep_only(self, user_ids: Set[str]) -> None:
        """Remove everybody else."""
        self._participants = {u: v for u, v in self._participants.items() if u in user_ids}

    def is_in(self, user_id: str, version: int = -1) -> bool | None:
        """Return whether a person who was in the conversation at `version` is in it at the later of
        that version and the roster's; None if unknown. Without a version: whether the roster itself
        knows that they are in it."""
        if user_id in self._participants:
            return True
        if version >= self._version:
            return True
        changed_at, joined = self._changes.get(user_id, (-1, None))
        if changed_at > version:
            return joined is not None
        return True if self._changes_above <= version else None

    def learn(self, user_id: str, version: int, joined: int) -> bool | None:
        """Record a person whom the store showed at `version` in the conversation since `joined`, if
        they are still in it. Return the result of `is_in`."""
        known = self.is_in(user_id, version)
        if known and user_id not in self._participants:
            _, later = self._changes.get(user_id, (-1, None))
            self._participants[user_id] = max(joined, later or 0)
        return known

    def learn_count(self, count: int | None) -> None:
        """Record the number of all participants, if it was unknown."""
        if self._count is None:
            self._count = count

    def _remember(self, user_id: str, version: int, joined: int | None) -> None:
        self._changes[user_id] = (version, joined)
        self._changes.move_to_end(user_id)
        if len(self._changes) > _REMEMBERED_CHANGES:
            _, (forgotten, _) = self._changes.popitem(last=False)
            self._changes_above = forgotten
