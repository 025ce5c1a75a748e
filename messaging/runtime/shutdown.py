"""The shutdown of an instance: its clients reconnect elsewhere, its work is finished and its parts
stop, within ten seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from messaging.commits.read_positions import ReadPositions
from messaging.commits.writer import Writer
from messaging.concurrency.tasks import TaskSet, start_task
from messaging.delivery.drain import announce_end, end_all
from messaging.delivery.hub.connections import Connections
from messaging.wire.events import EventEncoder

logger = structlog.get_logger(__name__)

_SECONDS = 10.0
"""The seconds from the signal until all parts have stopped, however much work is in progress.
`docker stop` kills a process after ten seconds
(https://docs.docker.com/reference/cli/docker/container/stop/)."""
_FIRST_WORK, _CLIENTS, _WORK, _PARTS, _GOODBYE = 0.4, 0.7, 0.8, 0.9, 1.0
"""The share of this time after which each step has ended. So a step that hangs leaves a second for
the goodbye to the other instances."""


class Shutdown:
    def __init__(
        self,
        *,
        connections: Connections,
        events: EventEncoder,
        writer: Writer,
        read_positions: ReadPositions,
        background: TaskSet[None],
        seconds: float = _SECONDS,
    ) -> None:
        """Create a shutdown that takes at most `seconds`."""
        self._connections = connections
        self._events = events
        self._writer = writer
        self._read_positions = read_positions
        self._background = background
        self._seconds = seconds
        self._begun_at: float | None = None
        self._draining: asyncio.Task[None] | None = None
        self.complete = False
        """Whether all work was finished. Otherwise the other instances look for the rest."""

    @property
    def begun(self) -> bool:
        """Return whether clients should connect elsewhere."""
        return self._begun_at is not None

    def begin(self) -> None:
        """Start the clock of the shutdown. Idempotent."""
        if self._begun_at is None:
            self._begun_at = time.monotonic()

    async def drain(self) -> None:
        """Make all clients reconnect elsewhere. Return when they are gone, or seven seconds after
        the signal; work in progress is finished first. Idempotent: every caller waits for the same
        drain."""
        self.begin()
        if self._draining is None:
            self._draining = start_task(self._drain())
        await asyncio.shield(self._draining)

    async def finish_work(self) -> None:
        """Finish the work in progress."""
        self.complete = await self._finish_work(self._seconds_until(_WORK))

    async def stop_part(
        self, name: str, stop: Callable[[], Awaitable[object]], *, last: bool = False
    ) -> None:
        """Stop one part, and cut it off a second before the deadline. `stop` returns False if the
        part has not finished its work.

        `last`: the part stops after the others, and has that second too. Raises the error of
        `stop`; then the work counts as unfinished.
        """
        seconds = self._seconds_until(_GOODBYE if last else _PARTS)
        try:
            async with asyncio.timeout(seconds):
                if await stop() is False:
                    self.complete = False
        except TimeoutError:
            self.complete = False
            logger.warning("instance.part_cut_off", part=name)
        except BaseException:
            self.complete = False
            raise

    async def _drain(self) -> None:
        logger.info("instance.draining", connections=len(self._connections))
        await announce_end(self._connections, self._events)
        await self._finish_work(self._seconds_until(_FIRST_WORK))
        await end_all(self._connections, seconds=self._seconds_until(_CLIENTS) or 0.0)

    async def _finish_work(self, seconds: float | None) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._writer.drain()
                await self._read_positions.drain()
                await self._background.join()
        except TimeoutError:
            logger.warning("instance.work_incomplete")
            return False
        return True

    def _seconds_until(self, share: float) -> float | None:
        """Return the seconds until a step must have ended; None for a shutdown that has not begun,
        as after a failed start."""
        if self._begun_at is None:
            return None
        return max(self._begun_at + share * self._seconds - time.monotonic(), 0.0)
