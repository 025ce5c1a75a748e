"""A place in a group: it keeps one process running, and replaces it."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from chat.serving.child import Child

logger = structlog.get_logger(__name__)

_START_SECONDS = 120.0
"""A process that is not ready after this time is killed."""
_DRAIN_SECONDS = 15.0
"""An instance stops within ten seconds (`messaging.runtime.shutdown`). After this time it is
killed."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_STEADY_SECONDS = 60.0
"""After a process has run this long, its end counts as the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What each process of one place gets: the same id and the same port for its replacement."""

    instance_id: str
    options: Sequence[str]
    environment: Mapping[str, str]


class Place:
    def __init__(self, listening: socket.socket, post: Post) -> None:
        self._listening = listening
        self._post = post
        self._child: Child | None = None
        self._attempt: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """Whether the latest process became ready, once that is known."""
        self._next: asyncio.Future[bool] | None = None
        """The same of the process that replaces it."""
        self._replaced = False
        self._hurry = asyncio.Event()
        self._pause = _SHORTEST_PAUSE
        self._log = logger.bind(process=post.instance_id)

    async def keep(self) -> None:
        """Keep a process running, until this is cancelled. A process that ends by itself, or that
        cannot be started, is restarted after a pause, which doubles with each failure."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                child = await Child.start(
                    self._listening, *self._post.options, environment=self._post.environment
                )
            except OSError as error:  # no memory is left, or the interpreter is being replaced
                self._log.error(
                    "process.start_failed", reason=str(error), restart_seconds=self._pause
                )
                self._settle(False)
                await self._rest()
            else:
                await self._attend(child)
            if self._attempt.done():
                self._attempt = loop.create_future()

    async def first_ready(self) -> bool:
        """Wait for the first process. Return whether it became ready."""
        return await asyncio.shield(self._attempt)

    async def replace(self) -> bool:
        """Drain the process, and start another one. Return whether that one became ready."""
        if self._child is not None:
            await asyncio.shield(self._attempt)  # it would leave before it is there
        self._next = asyncio.get_running_loop().create_future()
        if (child := self._child) is None:
            self._hurry.set()
        else:
            self._replaced = True
            child.leave()
            await self._see_off(child)
        return await self._next

    async def stop(self) -> None:
        """End the process: it drains, but stays reachable on the shared port meanwhile. Call this
        after `keep` was cancelled."""
        if (child := self._child) is None:
            return
        if self._attempt.done():
            child.drain()
        else:
            child.signal(signal.SIGTERM)  # it serves nobody yet
        await self._see_off(child)
        self._log.info("process.stopped", pid=child.pid, how=child.status)

    def insist(self) -> None:
        """End the process at once, without its drain. Call this after `stop`."""
        if self._child is not None:
            self._child.signal(signal.SIGKILL)

    async def _attend(self, child: Child) -> None:
        """Stay with a process until it has ended, and the pause after its end."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self._child = child
        self._log.info("process.started", pid=child.pid)
        self._settle(await self._becomes_ready(child))
        await child.ended()
        self._child = None
        if self._replaced:
            self._replaced = False
            self._pause = _SHORTEST_PAUSE
            self._log.info("process.stopped", pid=child.pid, how=child.status)
            return
        if loop.time() - begun >= _STEADY_SECONDS:
            self._pause = _SHORTEST_PAUSE
        self._log.error(
            "process.died", pid=child.pid, how=child.status, restart_seconds=self._pause
        )
        await self._rest()

    async def _becomes_ready(self, child: Child) -> bool:
        try:
            async with asyncio.timeout(_START_SECONDS):
                ready = await child.ready()
        except TimeoutError:
            self._log.error("process.start_timed_out", pid=child.pid, seconds=_START_SECONDS)
            child.signal(signal.SIGKILL)
            return False
        if ready:
            self._log.info("process.ready", pid=child.pid)
        return ready

    def _settle(self, ready: bool) -> None:
        for waiting in (self._attempt, self._next):
            if waiting is not None and not waiting.done():
                waiting.set_result(ready)

    async def _rest(self) -> None:
        """Wait before the next start, longer each time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._hurry.wait()
        self._hurry.clear()
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _see_off(self, child: Child) -> None:
        """Wait until a draining process has ended, and kill one that hangs."""
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                await child.ended()
        except TimeoutError:
            self._log.warning("process.drain_timed_out", pid=child.pid, seconds=_DRAIN_SECONDS)
            child.signal(signal.SIGKILL)
            await child.ended()
