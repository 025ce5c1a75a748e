"""The lifecycle of an instance: it starts once, stops once, and never starts again after that."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Protocol

import structlog

from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.runtime.shutdown import Shutdown

logger = structlog.get_logger(__name__)

_START_SECONDS = 3.0
"""The time that a stop leaves to a start in progress."""


class Part(Protocol):
    """A part of an instance that runs between its start and its stop."""

    def start(self) -> None: ...

    async def stop(self) -> object: ...


class Lifecycle:
    def __init__(
        self,
        *,
        start_parts: Callable[[AsyncExitStack], Awaitable[None]],
        close_parts: Callable[[], Awaitable[None]],
        shutdown: Shutdown,
    ) -> None:
        """Create a lifecycle. `start_parts` pushes the stop of each part on the stack.
        `close_parts` closes the parts that work without a start."""
        self._start_parts = start_parts
        self._close_parts = close_parts
        self._shutdown = shutdown
        self._starting: asyncio.Task[None] | None = None
        self._running: AsyncExitStack | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def started(self) -> bool:
        return self._running is not None

    async def start(self) -> None:
        """Start the parts. Idempotent; retries after a failed start. Does nothing if the instance
        is draining or closed."""
        if self._shutdown.begun or self._closed:
            return
        if self._starting is None or (self._starting.done() and _failed(self._starting)):
            self._starting = start_task(self._start())
        if not self._starting.done():
            await asyncio.shield(self._starting)

    async def stop(self) -> None:
        """Drain, finish the work in progress, stop the parts in the reverse order of their start,
        and close. Idempotent: every caller waits for the same stop."""
        self._shutdown.begin()  # from now on, no request starts it
        if self._stopping is None:
            self._stopping = start_task(self._stop())
        if not self._stopping.done():
            await asyncio.shield(self._stopping)

    async def close(self) -> None:
        """Close the parts that work without a start. Idempotent."""
        if self._closed:
            return
        self._closed = True
        await self._close_parts()

    async def _start(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                await self._start_parts(stack)
                self._running = stack.pop_all()
        except Exception:
            logger.exception("instance.start_failed")
            raise

    async def _stop(self) -> None:
        try:
            await self._end_start()
            if self._running is not None:
                try:
                    await self._shutdown.drain()
                    await self._shutdown.finish_work()
                finally:
                    running, self._running = self._running, None
                    await running.aclose()
                logger.info("instance.stopped")
        finally:
            await self.close()

    async def _end_start(self) -> None:
        """Wait for a start in progress, and cancel one that hangs."""
        if self._starting is None:
            return
        _, hanging = await asyncio.wait([self._starting], timeout=_START_SECONDS)
        if hanging:
            logger.warning("instance.start_cut_off")
            await stop_tasks(self._starting)


def _failed(task: asyncio.Task[None]) -> bool:
    return task.cancelled() or task.exception() is not None
