"""Copies of what the store has about people, kept for a while in the memory of this instance.

A lookup costs a read per person. A change invalidates the copies on all instances. The link may
lose that message, so a copy is kept for at most five minutes, and for half a minute while the link
is down. People choose the size of their own entry, so each cache is bounded in bytes.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from messaging.domain.identifiers import derived_id
from messaging.instruments.memory import show_weight

Copy = TypeVar("Copy")

_KEPT_SECONDS = 300.0
_KEPT_DEGRADED_SECONDS = 30.0


@dataclass(slots=True, eq=False)
class _Read:
    """A read of several people that is in progress."""

    begun_at: float
    lasting: set[str]
    """The keys whose copies were not invalidated since."""


class CopiesOfPeople(Generic[Copy]):
    """Bounded in bytes; evicts the least recently used entries."""

    def __init__(
        self,
        name: str,
        read: Callable[[Sequence[str]], Awaitable[Mapping[str, Copy]]],
        *,
        weigh: Callable[[Copy], int],
        most: int,
    ) -> None:
        """Create a cache of at most `most` bytes. `read` returns all requested people from the
        store, and `weigh` the approximate bytes of a copy. The metrics show the bytes under this
        name."""
        self._from_store = read
        self._weigh = weigh
        self._most = most
        self._known: OrderedDict[str, tuple[Copy, float]] = OrderedDict()
        self._bytes = 0
        self._reading: dict[str, set[_Read]] = {}
        """The reads in progress, by the keys of their people."""
        self.degraded = False
        """Whether changes made on other instances may be missed."""
        show_weight(name, self, lambda copies: copies.size, most=most)

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        return self._bytes

    def peek(self, user_id: str) -> Copy | None:
        """Return the cached copy, or None if there is none or it is too old."""
        entry = self._known.get(person_key(user_id))
        kept = _KEPT_DEGRADED_SECONDS if self.degraded else _KEPT_SECONDS
        if entry is None or time.monotonic() - entry[1] > kept:
            return None
        return entry[0]

    async def get(self, user_ids: Sequence[str]) -> Mapping[str, Copy]:
        """Return the copy of each person; one read for each that is not cached. Raises
        StoreUnavailable."""
        found = {}
        unknown = []
        for user_id in dict.fromkeys(user_ids):
            known = self.peek(user_id)
            if known is None:
                unknown.append(user_id)
            else:
                self._known.move_to_end(person_key(user_id))
                found[user_id] = known
        if unknown:
            found |= await self._read(unknown)
        return found

    async def _read(self, user_ids: Sequence[str]) -> Mapping[str, Copy]:
        """Read people, and cache those whose copy was not invalidated meanwhile."""
        read = _Read(time.monotonic(), {person_key(user_id) for user_id in user_ids})
        for key in read.lasting:
            self._reading.setdefault(key, set()).add(read)
        keys = tuple(read.lasting)
        try:
            found = await self._from_store(user_ids)
        finally:
            for key in keys:
                under_way = self._reading[key]
                under_way.discard(read)
                if not under_way:
                    del self._reading[key]
        for user_id, copy in found.items():
            key = person_key(user_id)
            if key in read.lasting:
                self._keep(key, copy, read.begun_at)
        return found

    def forget(self, key: str) -> None:
        """Invalidate the copy under this key, see `person_key`."""
        for read in self._reading.get(key, ()):
            read.lasting.discard(key)
        entry = self._known.pop(key, None)
        if entry is not None:
            self._bytes -= self._weigh(entry[0])

    def clear(self) -> None:
        """Invalidate all copies: changes may have been missed."""
        for under_way in self._reading.values():
            for read in under_way:
                read.lasting.clear()
        self._known.clear()
        self._bytes = 0

    def _keep(self, key: str, copy: Copy, read_at: float) -> None:
        before = self._known.pop(key, None)
        if before is not None:
            self._bytes -= self._weigh(before[0])
        self._known[key] = (copy, read_at)
        self._bytes += self._weigh(copy)
        while self._bytes > self._most:
            _, (oldest, _) = self._known.popitem(last=False)
            self._bytes -= self._weigh(oldest)


def person_key(user_id: str) -> str:
    """Return the key of a person's copies, in the form of a conversation's id: the same link
    message invalidates either."""
    return derived_id("privacy", user_id)  # earlier releases send and expect this one
