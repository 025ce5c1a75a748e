"""Commits that were given up in doubt: they may have been applied, or may still be.

Their requests got 503. Once such a commit can no longer arrive, the conversation is read again. If
the commit was applied after all, its events are published like any others.
"""

import asyncio
from collections.abc import Awaitable, Callable

from messaging.concurrency.retries import until_answered
from messaging.concurrency.tasks import TaskSet
from messaging.domain.conversation import Conversation

_MARGIN_SECONDS = 1.0

Recheck = Callable[[], Awaitable[Conversation | None]]


class UnsettledCommits:
    def __init__(self, *, timeout: float, on_found: Callable[[Conversation], None]) -> None:
        """Create the set. `timeout` is the seconds that a commit may be in flight. `on_found` is
        called with the state of the conversation after the commit."""
        self._seconds = timeout + _MARGIN_SECONDS
        self._on_found = on_found
        self._tasks: TaskSet[None] = TaskSet()

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, look: Recheck) -> None:
        """Add a commit. `look` reads the conversation; it is retried while the store does not
        answer."""
        self._tasks.start(self._settle(look))

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _settle(self, look: Recheck) -> None:
        await asyncio.sleep(self._seconds)
        conversation = await until_answered(look)
        if conversation is not None:
            self._on_found(conversation)
