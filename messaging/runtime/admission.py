"""Admission: how much of connecting and syncing an instance does at once.

When an instance or a proxy ends, thousands of clients come back in the same second. They are
served in the order of their coming, a few at a time, so that the store is not flooded and
whoever is connected already gets events as before.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from messaging.concurrency.tasks import start_task
from messaging.domain.exceptions import StoreUnavailable

T = TypeVar("T")

_PATIENCE_SECONDS = 8.0
"""Clients give up a connection without `hello` after some ten seconds: who waits longer than this
would only be served when gone, in the place of others."""
_MAX_WAITING = 4_000
_OVERLOADED = "The service is overloaded. Retry after 1 s."


class Admission:
    def __init__(self, places: int) -> None:
        """`places`: how many are served at once, and so have the store read for them."""
        self._places = asyncio.Semaphore(places)
        self._waiting = 0
        self._shared: dict[str, asyncio.Task[Any]] = {}

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for one's turn, and have a place for as long as the context is not left.

        Raises StoreUnavailable for whoever it would take too long, so far as that can be told
        at once, else after eight seconds.
        """
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
        try:
            yield
        finally:
            self._places.release()

    async def share(self, key: str, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `read` answers, or what is being read under this key already. It goes on when
        whoever asked first is gone."""
        task = self._shared.get(key)
        if task is None:
            task = self._shared[key] = start_task(read())
            task.add_done_callback(lambda done: self._forget(key, done))
        answer: T = await asyncio.shield(task)
        return answer

    def _forget(self, key: str, done: asyncio.Task[Any]) -> None:
        del self._shared[key]
        if not done.cancelled():
            done.exception()  # for asyncio not to miss whoever left
