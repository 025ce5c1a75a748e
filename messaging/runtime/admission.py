"""Admission: how many connects and syncs an instance serves at once.

When an instance or a proxy ends, thousands of clients reconnect in the same second. They are served
first in, first out, a few at a time. So the store is not flooded, and connected clients get their
events as before.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from messaging.concurrency.tasks import start_task
from messaging.domain.exceptions import StoreUnavailable

T = TypeVar("T")

_PATIENCE_SECONDS = 8.0
"""Clients give up a connection without `hello` after about ten seconds. A client that waits longer
than this would be gone when served, and would take the slot of others."""
_MAX_WAITING = 4_000
_OVERLOADED = "The service is overloaded. Retry after 1 s."


class _Place:
    """A context, which takes a third of the time of a generator."""

    __slots__ = ("_admission",)

    def __init__(self, admission: "Admission") -> None:
        self._admission = admission

    async def __aenter__(self) -> None:
        await self._admission.enter()

    async def __aexit__(self, *_: object) -> None:
        self._admission.leave()


class Admission:
    def __init__(self, places: int) -> None:
        """Create an admission. `places` is the number of clients that are served, and so read the
        store, at once."""
        self._places = asyncio.Semaphore(places)
        self._waiting = 0
        self._shared: dict[str, asyncio.Task[Any]] = {}

    def place(self) -> "_Place":
        """Return a context that waits for a slot, and holds it while it is open.

        It raises StoreUnavailable for a client that would wait too long: at once if that is
        foreseeable, otherwise after eight seconds.
        """
        return _Place(self)

    async def enter(self) -> None:
        """Wait for a slot, see `place`."""
        if self._places.locked():
            await self._wait()
        else:
            await self._places.acquire()  # at once

    def leave(self) -> None:
        """Give the slot back."""
        self._places.release()

    async def _wait(self) -> None:
        if self._waiting >= _MAX_WAITING:
            raise StoreUnavailable(_OVERLOADED)
        self._waiting += 1
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise StoreUnavailable(_OVERLOADED) from None
        finally:
            self._waiting -= 1

    async def share(self, key: str, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the answer of `read`, or share a read of this key that is in progress. It
        continues if the first caller is cancelled."""
        task = self._shared.get(key)
        if task is None:
            task = self._shared[key] = start_task(read())
            task.add_done_callback(lambda done: self._forget(key, done))
        answer: T = await asyncio.shield(task)
        return answer

    def _forget(self, key: str, done: asyncio.Task[Any]) -> None:
        del self._shared[key]
        if not done.cancelled():
            done.exception()  # retrieve the exception, in case no caller is left
