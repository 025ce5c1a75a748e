"""Tasks that are not bound to one request."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def start_task(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a task without the context of the request that happened to start it. Otherwise the ids
    of that request would appear in the log lines of all others."""
    return asyncio.create_task(work, context=contextvars.Context())


async def stop_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks, and return once they have ended.

    This cancels repeatedly: `asyncio.wait_for` of Python 3.11, which redis-py uses, sometimes loses
    a cancellation (https://github.com/python/cpython/issues/86296).
    """
    running = [task for task in tasks if not task.done()]
    while running:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.1)
        running = [task for task in running if not task.done()]
