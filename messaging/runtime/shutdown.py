"""The shutdown of an instance: its clients reconnect elsewhere and its work is finished, within ten
seconds."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import structlog

from messaging.commits.read_positions import ReadPositions
from messaging.commits.writer import Writer
from messaging.concurrency.task_set import TaskSet
from messaging.delivery.drain import announce_end, end_all
from messaging.delivery.hub.connections import Connections
from messaging.wire.events import EventEncoder

logger = structlog.get_logger(__name__)

_DRAIN_SECONDS = 10.0
"""The seconds from the signal until everything is closed, however much work is in progress."""
_LAST_SECONDS = 1.0
_WORK_SECONDS = 3.0


class Shutdown:
    def __init__(
        self,
        *,
        connections: Connections,
        events: EventEncoder,
        writer: Writer,
        read_positions: ReadPositions,
        background: TaskSet[None],
    ) -> None:
        self._connections = connections
        self._events = events
        self._writer = writer
        self._read_positions = read_positions
        self._background = background
        self._ends_at = math.inf
        self.begun = False
        """Whether clients should connect elsewhere."""
        self.complete = False
        """Whether all work was finished. Otherwise the other instances look for the rest."""

    @property
    def seconds_left(self) -> float:
        """Return the seconds until the deadline; at least a second, for the last step."""
        return max(self._ends_at - time.monotonic(), _LAST_SECONDS)

    async def drain(self) -> None:
        """Make all clients reconnect elsewhere. Return when they are gone, or a second before the
        deadline; work in progress is finished first. Idempotent."""
        if self.begun:
            return
        self.begun = True
        self._ends_at = time.monotonic() + _DRAIN_SECONDS
        logger.info("instance.draining", connections=len(self._connections))
        await announce_end(self._connections, self._events)
        await self._finish_work(_WORK_SECONDS)
        seconds = self._ends_at - time.monotonic() - _LAST_SECONDS
        await end_all(self._connections, seconds=seconds)

    async def finish_work(self) -> None:
        """Finish the work in progress before the deadline."""
        self.complete = await self._finish_work(self.seconds_left)

    async def finish_last(self, stop: Callable[[], Awaitable[bool]]) -> None:
        """Stop a part with work of its own, which returns whether it finished all of it."""
        try:
            async with asyncio.timeout(self.seconds_left):
                self.complete &= await stop()
        except TimeoutError:
            self.complete = False
            logger.warning("instance.stopping_incomplete")
        except Exception:
            self.complete = False
            logger.exception("instance.stopping_failed")

    async def _finish_work(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._writer.drain()
                await self._read_positions.drain()
                await self._background.join()
        except TimeoutError:
            logger.warning("instance.work_incomplete")
            return False
        return True
