"""Steps: a long list is worked off in several steps of the event loop, with others in between."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")


async def in_steps(items: Iterable[T], *, size: int) -> AsyncIterator[T]:
    """Iterate over the items; after each `size` of them everything else that is ready runs once."""
    for number, item in enumerate(items):
        if number and number % size == 0:
            await asyncio.sleep(0)
        yield item
