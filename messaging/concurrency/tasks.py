"""Tasks that serve many requests, or none."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def start_task(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run it in a task without the context of whoever happened to start it: the ids of that
    request would stand in the log lines of all others."""
    return asyncio.create_task(work, context=contextvars.Context())


async def stop_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel them, and return once they have ended.

    Again and again: `asyncio.wait_for` of Python 3.11, which redis-py uses, now and then loses a
    cancellation (https://github.com/python/cpython/issues/86296).
    """
    running = [task for task in tasks if not task.done()]
    while running:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.1)
        running = [task for task in running if not task.done()]
