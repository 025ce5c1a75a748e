"""Fills gaps: waits for the missing versions of a conversation, then reads them from the store."""

import asyncio
import time
from collections.abc import Callable, Coroutine

import structlog

from messaging.commits.conversation_cache import ConversationCache
from messaging.concurrency import retries
from messaging.concurrency.tasks import TaskSet
from messaging.delivery.hub.gaps import Gap, read_gap
from messaging.delivery.hub.streams.actions import Read
from messaging.delivery.hub.streams.stream import Stream
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import GAP_SECONDS, GAPS
from messaging.stores.conversations import Store

logger = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 0.1
"""Two instances may publish out of order: how long a missing version may still arrive."""
_READS_AT_ONCE = 32


class GapFiller:
    def __init__(
        self,
        store: Store,
        cache: ConversationCache,
        *,
        deliver: Callable[[Stream, Read, Gap | None], None],
    ) -> None:
        """Create a filler. `deliver` is called with each answer of the store."""
        self._store = store
        self._cache = cache
        self._deliver = deliver
        self._places = asyncio.Semaphore(_READS_AT_ONCE)
        self._tasks: TaskSet[None] = TaskSet()

    async def stop(self) -> None:
        await self._tasks.stop()

    async def join(self) -> None:
        """Wait until nothing is being read."""
        await self._tasks.join()

    def ensure_filled(self, stream: Stream, *, wait: bool) -> None:
        """Read until nothing is missing. `wait`: first wait for versions that may still arrive."""
        GAPS.inc()
        self._tasks.start(self._fill(stream, wait=wait))

    def run(self, work: Coroutine[object, object, None]) -> None:
        """Run work in the background, until the end of the hub."""
        self._tasks.start(work)

    async def read_conversation(self, conversation_id: str) -> Conversation | None:
        """Read a conversation, with retries until the store answers."""

        async def read() -> Conversation | None:
            async with self._places:
                return await self._store.get_conversation(conversation_id)

        conversation = await retries.until_answered(read)
        if conversation is not None:
            self._cache.put(conversation)
        return conversation

    async def _fill(self, stream: Stream, *, wait: bool) -> None:
        begun = time.monotonic()
        try:
            if wait:
                await asyncio.sleep(_PATIENCE_SECONDS)
            while stream.is_behind:
                async with self._places:
                    read = stream.begin_read()
                    if read is None:
                        break
                    await self._carry_out(stream, read)
        finally:
            stream.end_fill()
            GAP_SECONDS.observe(time.monotonic() - begun)

    async def _carry_out(self, stream: Stream, read: Read) -> None:
        """Run a read. If the store does not answer, keep the slot for a pause of a second, so that
        it gets no more reads, however many conversations have gaps."""
        try:
            gap = await read_gap(self._store, stream.conversation_id, read.since, state=read.state)
        except StoreUnavailable:
            stream.abandon_read(read)
            await asyncio.sleep(retries.RETRY_SECONDS)
            return
        except BaseException:
            stream.abandon_read(read)
            raise
        if gap is not None:
            self._cache.put(gap.conversation)
        since = stream.version
        self._deliver(stream, read, gap)
        if gap is not None and stream.version > since:
            logger.info(
                "gap.filled",
                conversation_id=stream.conversation_id,
                since=since,
                version=gap.conversation.version,
            )
