"""Retries of work that must be done once the store answers again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from messaging.domain.exceptions import StoreUnavailable

T = TypeVar("T")

RETRY_SECONDS = 1.0
"""The pause before each retry. The circuit breaker of the store tries as often."""


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
