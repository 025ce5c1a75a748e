"""Clearing: when a person has read a conversation, its notification is removed from their devices.

Every send counts as reading, and nearly always there is nothing to remove. So reads of a moment ask
for the notifications together, in one round trip to Redis.

Not promised: while Redis is down nothing is removed. A killed process loses the reads of the last
moment.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence

import structlog

from messaging.concurrency.tasks import start_task
from messaging.notifications.badges import Badges, Key
from messaging.notifications.dispatcher import Dispatcher
from messaging.notifications.jobs import ClearJob

logger = structlog.get_logger(__name__)

_GATHER_SECONDS = 0.2
_MAX_WAITING = 10_000
_AT_ONCE = 200


class Clearing:
    def __init__(self, badges: Badges, dispatcher: Dispatcher) -> None:
        self._badges = badges
        self._dispatcher = dispatcher
        self._read: dict[Key, int] = {}
        """How far people have read, until it is looked up."""
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """Look up the waiting reads now."""
        self._ending.set()
        if self._task is not None:
            await self._task

    def note_read(self, conversation_id: str, user_ids: Iterable[str], read_seq: int) -> None:
        """Note that people have read a conversation up to here."""
        for user_id in user_ids:
            key = (conversation_id, user_id)
            before = self._read.get(key)
            if before is None and len(self._read) >= _MAX_WAITING:
                logger.warning("clearing.dropped", conversation_id=conversation_id)
                return
            self._read[key] = max(read_seq, before or 0)
        if self._task is None and self._read:
            self._task = start_task(self._clear_soon())

    async def _clear_soon(self) -> None:
        try:
            await self._gathered()
            while self._read:
                await self._clear(list(self._read)[:_AT_ONCE])
        except Exception:
            logger.exception("clearing.failed")
        finally:
            self._task = None

    async def _gathered(self) -> None:
        """Wait for more reads, but not beyond the end of this process."""
        try:
            async with asyncio.timeout(_GATHER_SECONDS):
                await self._ending.wait()
        except TimeoutError:
            pass

    async def _clear(self, keys: Sequence[Key]) -> None:
        read = {key: self._read.pop(key) for key in keys}
        for conversation_id, user_id in await self._badges.discard(read):
            job = ClearJob(
                conversation_id=conversation_id,
                user_id=user_id,
                read_seq=read[conversation_id, user_id],
                made_at=time.time(),
            )
            self._dispatcher.put(job)
