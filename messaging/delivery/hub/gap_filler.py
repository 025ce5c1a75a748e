"""Filling: what is missing of a conversation is waited for, then read from the store."""

import asyncio
import time
from collections.abc import Callable, Coroutine

import structlog

from messaging.commits.conversation_cache import ConversationCache
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.hub.gaps import Gap, read_gap
from messaging.delivery.hub.stream import Stream
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import GAP_SECONDS, GAPS
from messaging.stores.conversations import Store

logger = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 0.1
"""Two instances may publish out of order: as long as this the missing one may still come."""
_RETRY_SECONDS = 1.0
_READS_AT_ONCE = 32


class GapFiller:
    def __init__(
        self, store: Store, cache: ConversationCache, *, deliver: Callable[[Stream, Gap], None]
    ) -> None:
        """`deliver` is handed what was missing, of a stream that is still behind."""
        self._store = store
        self._cache = cache
        self._deliver = deliver
        self._places = asyncio.Semaphore(_READS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        await stop_tasks(*self._tasks)

    def mend(self, stream: Stream) -> None:
        """See to it that the stream gets what it is behind of."""
        if stream.behind and not stream.filling:
            stream.filling = True
            GAPS.inc()
            self.run(self._fill(stream))

    def run(self, work: Coroutine[object, object, None]) -> None:
        """Do something in the background, until the end of the hub."""
        task = start_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def read_conversation(self, conversation_id: str) -> Conversation | None:
        """Asks again until the store answers."""
        while True:
            try:
                async with self._places:
                    conversation = await self._store.get_conversation(conversation_id)
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            if conversation is not None:
                self._cache.put(conversation)
            return conversation

    async def _fill(self, stream: Stream) -> None:
        begun = time.monotonic()
        try:
            if stream.found is None:
                await asyncio.sleep(_PATIENCE_SECONDS)
            while stream.behind and stream.followed:
                async with self._places:
                    await self._fill_once(stream)
        finally:
            stream.filling = False
            stream.forget_ahead()
            GAP_SECONDS.observe(time.monotonic() - begun)

    async def _fill_once(self, stream: Stream) -> None:
        """Reads are strongly consistent: what was heard of before one and is not in its answer
        does not exist, and is not looked for again."""
        heard_of, found = stream.known, stream.found
        stream.found = None
        stream.known = stream.version
        try:
            gap = await read_gap(self._store, stream.conversation_id, stream.version, found=found)
        except StoreUnavailable:
            stream.known = max(stream.known, heard_of)
            await asyncio.sleep(_RETRY_SECONDS)
            return
        if found is not None:  # read by somebody, before some of it was heard of
            stream.known = max(stream.known, heard_of)
        if gap is None or not stream.followed:
            return
        self._cache.put(gap.conversation)
        logger.info(
            "gap.filled",
            conversation_id=stream.conversation_id,
            since=stream.version,
            version=gap.conversation.version,
        )
        self._deliver(stream, gap)
