"""Repeats the calls of a load while the store does not answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from messaging.domain.exceptions import StoreUnavailable

P = ParamSpec("P")
T = TypeVar("T")

_TRIES = 8
_PAUSE_SECONDS = 0.5


async def retried(call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return the result of a call, which is repeated for some seconds while the store does not
    answer. Raises StoreUnavailable."""
    for tries in range(_TRIES):
        try:
            return await call(*args, **kwargs)
        except StoreUnavailable:
            if tries == _TRIES - 1:
                raise
            await asyncio.sleep(_PAUSE_SECONDS * (tries + 1))
    raise AssertionError
