"""Work in the background: referenced while it runs, logged if it fails, and ended together."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from chat_client.errors import ChatError

T = TypeVar("T")

_log = logging.getLogger("chat_client")


class Tasks:
    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

        self._last: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], *, is_last: bool = False) -> "asyncio.Task[T]":
        """`is_last`: `aclose` waits for this work, and does not cancel it."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        if is_last:
            self._last.add(task)
        task.add_done_callback(self._done)
        return task

    async def aclose(self) -> None:
        """Cancel everything, and wait until it has ended."""
        own = asyncio.current_task()
        running = [task for task in self._running if task is not own]
        for task in running:
            if task not in self._last:
                task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        self._last.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, ChatError):
            _log.info("work in the background ended: %s", error.code)
        elif error is not None:
            _log.error("work in the background failed", exc_info=error)
