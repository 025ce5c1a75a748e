"""Retries of work that must be done once the store answers again."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from messaging.domain.exceptions import StoreUnavailable

P = ParamSpec("P")
T = TypeVar("T")

RETRY_SECONDS = 1.0
"""The pause before each retry. The circuit breaker of the store tries as often."""
_SECONDS = 60.0
"""For how long a call of `retried` is repeated. A store that refuses at once uses up no tries."""
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 5.0
_LEAST, _STEP = 10, 10


def _never() -> bool:
    return False


async def until_answered(
    call: Callable[[], Awaitable[T]], *, too_late: Callable[[], bool] = _never
) -> T:
    """Return what `call` returns, which is repeated each second while it raises StoreUnavailable.
    Raise that error once it is `too_late`."""
    while True:
        try:
            return await call()
        except StoreUnavailable:
            if too_late():
                raise
            await asyncio.sleep(RETRY_SECONDS)


async def retried(call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the result of a call, which is repeated for a minute while the store does not answer.
    Work that reads or writes a whole store does not begin again for one lost answer. Raises
    StoreUnavailable."""
    end, pause = time.monotonic() + _SECONDS, _PAUSE_SECONDS
    while True:
        try:
            return await call(*args, **kwargs)
        except StoreUnavailable:
            if time.monotonic() + pause > end:
                raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


class PageSize:
    """The size of the pages of a long read. It is halved when the store does not answer in time,
    and grows with each answer: large messages may take longer than the deadline of one read."""

    def __init__(self, most: int) -> None:
        self._most = self._size = most

    async def read(self, page: Callable[[int], Awaitable[T]]) -> tuple[T, int]:
        """Return a page and the size that it was asked for, which `page` gets. It is repeated for
        a minute while the store does not answer. Raises StoreUnavailable."""
        return await retried(self._try, page)

    async def _try(self, page: Callable[[int], Awaitable[T]]) -> tuple[T, int]:
        size = self._size
        try:
            found = await page(size)
        except StoreUnavailable:
            self._size = min(max(size // 2, _LEAST), self._most)
            raise
        self._size = min(size + _STEP, self._most)
        return found, size
