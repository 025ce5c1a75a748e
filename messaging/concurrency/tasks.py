"""Background tasks, which are not bound to one request: one, or a set of one owner's."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")
Result = TypeVar("Result")


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
        await asyncio.sleep(0)  # mostly, they end in this step
        running = [task for task in running if not task.done()]
        if running:
            await asyncio.wait(running, timeout=0.1)
            running = [task for task in running if not task.done()]


class TaskSet(Generic[T]):
    """A set that holds each task until it ends: the event loop itself holds only weak references to
    tasks (https://docs.python.org/3/library/asyncio-task.html#asyncio.create_task).

    The set has no bound; the owner limits how many tasks it starts.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """Return how many tasks are running."""
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine in the background, without the context of the caller."""
        task = start_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def carry_through(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await a coroutine, which keeps the context of the caller. If the caller is cancelled, the
        coroutine goes on in the background."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def join(self) -> None:
        """Wait until no task is running, including tasks that were started meanwhile."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Cancel all tasks, and wait until they have ended. A task that a cancelled one starts is
        cancelled too."""
        while self._tasks:
            await stop_tasks(*self._tasks)
            await asyncio.sleep(0)  # the tasks that ended are discarded
