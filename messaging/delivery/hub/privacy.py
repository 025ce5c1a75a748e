"""Privacy: a cache of whom people block and what they hide about themselves.

A lookup costs a read per person. A change invalidates the copies on all instances. The link may
lose that message, so a copy is kept for at most five minutes, and for half a minute while the link
is down. People choose the size of their own entry, so the cache is bounded in bytes.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from messaging.domain.identifiers import derived_id
from messaging.domain.people import Privacy
from messaging.instruments.memory import MIB, show_weight
from messaging.stores.people import PeopleStore

_KEPT_SECONDS = 300.0
_KEPT_DEGRADED_SECONDS = 30.0
_MAX_BYTES = 16 * MIB
_ENTRY_BYTES = 600
_ID_BYTES = 100
"""The approximate bytes of an entry, and of an id in it besides its characters, on 64-bit
CPython."""


@dataclass(slots=True, eq=False)
class _Read:
    """A read of several people that is in progress."""

    begun_at: float
    lasting: set[str]
    """The keys whose copies were not invalidated since."""


class PrivacyList:
    """Bounded in bytes; evicts the least recently used entries."""

    def __init__(self, people: PeopleStore) -> None:
        self._people = people
        self._known: OrderedDict[str, tuple[Privacy, float]] = OrderedDict()
        self._bytes = 0
        self._reading: dict[str, set[_Read]] = {}
        """The reads in progress, by the keys of their people."""
        self.degraded = False
        """Whether changes made on other instances may be missed."""
        show_weight("privacy", self, lambda privacy: privacy.size, most=_MAX_BYTES)

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        return self._bytes

    def peek(self, user_id: str) -> Privacy | None:
        """Return the cached copy, or None if there is none or it is too old."""
        entry = self._known.get(privacy_key(user_id))
        kept = _KEPT_DEGRADED_SECONDS if self.degraded else _KEPT_SECONDS
        if entry is None or time.monotonic() - entry[1] > kept:
            return None
        return entry[0]

    async def get(self, user_ids: Sequence[str]) -> Mapping[str, Privacy]:
        """Return the privacy of each person; one read for each that is not cached. Raises
        StoreUnavailable."""
        found = {}
        unknown = []
        for user_id in dict.fromkeys(user_ids):
            known = self.peek(user_id)
            if known is None:
                unknown.append(user_id)
            else:
                self._known.move_to_end(privacy_key(user_id))
                found[user_id] = known
        if unknown:
            found |= await self._read(unknown)
        return found

    async def _read(self, user_ids: Sequence[str]) -> Mapping[str, Privacy]:
        """Read people, and cache those whose copy was not invalidated meanwhile."""
        read = _Read(time.monotonic(), {privacy_key(user_id) for user_id in user_ids})
        for key in read.lasting:
            self._reading.setdefault(key, set()).add(read)
        keys = tuple(read.lasting)
        try:
            found = await self._people.get_privacy(user_ids)
        finally:
            for key in keys:
                under_way = self._reading[key]
                under_way.discard(read)
                if not under_way:
                    del self._reading[key]
        for privacy in found.values():
            if privacy_key(privacy.user_id) in read.lasting:
                self._keep(privacy, read.begun_at)
        return found

    async def apart(self, user_id: str, others: Sequence[str]) -> frozenset[str]:
        """Return those of the others whom this person blocks, or who block this person. Raises
        StoreUnavailable."""
        if not others:
            return frozenset()
        known = await self.get([user_id, *others])
        own = known[user_id].blocked
        return frozenset(
            other for other in others if other in own or user_id in known[other].blocked
        )

    def forget(self, key: str) -> None:
        """Invalidate the copy under this key, see `privacy_key`."""
        for read in self._reading.get(key, ()):
            read.lasting.discard(key)
        entry = self._known.pop(key, None)
        if entry is not None:
            self._bytes -= _weight(entry[0])

    def clear(self) -> None:
        """Invalidate all copies: changes may have been missed."""
        for under_way in self._reading.values():
            for read in under_way:
                read.lasting.clear()
        self._known.clear()
        self._bytes = 0

    def _keep(self, privacy: Privacy, read_at: float) -> None:
        key = privacy_key(privacy.user_id)
        before = self._known.pop(key, None)
        if before is not None:
            self._bytes -= _weight(before[0])
        self._known[key] = (privacy, read_at)
        self._bytes += _weight(privacy)
        while self._bytes > _MAX_BYTES:
            _, (oldest, _) = self._known.popitem(last=False)
            self._bytes -= _weight(oldest)


def privacy_key(user_id: str) -> str:
    """Return the key of a person's copy, in the form of a conversation's id: the same link message
    invalidates either."""
    return derived_id("privacy", user_id)


def _weight(privacy: Privacy) -> int:
    ids = (*privacy.blocked, *privacy.left)
    return _ENTRY_BYTES + len(privacy.user_id) + sum(_ID_BYTES + len(id_) for id_ in ids)
