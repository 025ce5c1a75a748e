"""Keyed locks: one lock for each key, while it is used."""

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

K = TypeVar("K", bound=Hashable)


class KeyedLocks(Generic[K]):
    """Locks by key. A lock that nobody holds or waits for is dropped, so the open requests bound
    their number."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return how many locks are in use."""
        return len(self._locks)

    def of(self, key: K) -> asyncio.Lock:
        """Return the lock of this key. Keep a reference to it for as long as it is held."""
        return self._locks.setdefault(key, asyncio.Lock())
