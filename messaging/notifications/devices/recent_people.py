"""Recent people: a set of user ids, bounded in time and in bytes.

The set has two generations, so that whole groups of people are looked up by set operations, without
an entry per person that has a time.
"""

import time
from collections.abc import Iterable, Set

_ID_BYTES = 120
"""The approximate bytes of an id in a set besides its characters, on 64-bit CPython."""


class RecentPeople:
    def __init__(self, *, seconds: float, most: int) -> None:
        """Create a set of at most `most` bytes. A person stays for at least `seconds` and at most
        twice as long, or shorter if the bound is reached."""
        self._seconds = seconds
        self._most = most
        self._young: set[str] = set()
        self._old: set[str] = set()
        self._young_bytes = self._old_bytes = 0
        self._begun_at = time.monotonic()
        """When the young generation began."""

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        return self._young_bytes + self._old_bytes

    def add(self, user_ids: Iterable[str]) -> None:
        """Add people, or prolong their stay."""
        self._expire()
        for user_id in user_ids:
            if user_id not in self._young:
                if self._young_bytes >= self._most // 2:
                    self._rotate()
                self._young.add(user_id)
                self._young_bytes += _ID_BYTES + len(user_id)

    def discard(self, user_ids: Iterable[str]) -> None:
        for user_id in user_ids:
            if user_id in self._young:
                self._young.discard(user_id)
                self._young_bytes -= _ID_BYTES + len(user_id)
            if user_id in self._old:
                self._old.discard(user_id)
                self._old_bytes -= _ID_BYTES + len(user_id)

    def among(self, user_ids: Set[str]) -> Set[str]:
        """Return which of these people are in the set."""
        self._expire()
        return self._young.intersection(user_ids) | self._old.intersection(user_ids)

    def _expire(self) -> None:
        age = time.monotonic() - self._begun_at
        if age >= self._seconds:
            self._rotate()
        if age >= 2 * self._seconds:
            self._rotate()

    def _rotate(self) -> None:
        self._old, self._old_bytes = self._young, self._young_bytes
        self._young, self._young_bytes = set(), 0
        self._begun_at = time.monotonic()
