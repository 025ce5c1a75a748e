"""UnsettledCommits: commits that were given up without knowing whether they were applied, or will
be yet.

Their requests were answered with 503. Once such a commit can no longer arrive the conversation is
looked at again: should it have been applied after all, then its events are told like any other's.
"""

import asyncio
from collections.abc import Awaitable, Callable

from messaging.concurrency.task_set import TaskSet
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable

_MARGIN_SECONDS = 1.0
_RETRY_SECONDS = 1.0

Recheck = Callable[[], Awaitable[Conversation | None]]


class UnsettledCommits:
    def __init__(self, *, timeout: float, on_found: Callable[[Conversation], None]) -> None:
        """`timeout`: seconds that a commit may be under way. `on_found` is told the state that
        the conversation is in after all."""
        self._seconds = timeout + _MARGIN_SECONDS
        self._on_found = on_found
        self._tasks: TaskSet[None] = TaskSet()

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, look: Recheck) -> None:
        """`look` reads the conversation; it is called again while the store does not answer."""
        self._tasks.start(self._settle(look))

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _settle(self, look: Recheck) -> None:
        await asyncio.sleep(self._seconds)
        while True:
            try:
                conversation = await look()
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            if conversation is not None:
                self._on_found(conversation)
            return
