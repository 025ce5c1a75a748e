"""Splits work on a long list into several steps of the event loop, so that others run in
between."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")


async def in_steps(items: Iterable[T], *, size: int) -> AsyncIterator[T]:
    """Iterate over the items. After every `size` items, let everything else that is ready run
    once."""
    for number, item in enumerate(items):
        if number and number % size == 0:
            await asyncio.sleep(0)
        yield item
