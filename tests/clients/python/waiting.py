"""Waits for what a client shows."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from chat_client.concurrency.emitter import Events

E = TypeVar("E")

_SECONDS = 20


async def until(
    subscribe: Callable[[Callable[[], object]], Any], holds: Callable[[], bool]
) -> None:
    """Wait until this holds; look after each change of an observable."""
    changed = asyncio.Event()
    end = subscribe(changed.set)
    try:
        async with asyncio.timeout(_SECONDS):
            while not holds():
                changed.clear()
                await changed.wait()
    finally:
        end()


async def following(events: Events[E]) -> E:
    """The next event."""
    async with asyncio.timeout(_SECONDS):
        return await anext(events)
