"""The writer: every durable change of a conversation goes through here.

At most one commit per conversation is in flight in this process. Changes that arrive meanwhile go
together into the next commit (*group commit*). Firestore sustains about one write per second on one
document, so busy conversations need this.

Promises: a change is answered only after the store has committed it. `on_commit` gets the changes
in the order of their versions, without an await between the answer of the commit and the call. A
change that was refused, or had nothing to do, was evaluated on a current state: either the commit
of the other changes proved that, or the state was read for this purpose. A commit with a lost
answer is settled by reading, never by a second message or version.

Not promised: after StoreUnavailable the change may have been applied, or may still be. Then
`on_commit` gets it later.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from typing import Protocol

import structlog

from messaging.changes.change import ConversationChange, Outcome
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.group_commit import Committed, GroupCommit, Waiting
from messaging.commits.unsettled_commits import Recheck
from messaging.concurrency.tasks import TaskSet
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import MessagingError, StoreUnavailable
from messaging.instruments.memory import MIB, Weight
from messaging.instruments.metrics import COMMIT_SECONDS
from messaging.stores.conversations import Store

logger = structlog.get_logger(__name__)

_MAX_CHANGES = 100
"""Of one commit, most of them messages."""
_MAX_BYTES = 2 * 1024 * 1024
"""Of one commit. Far below the 10 MiB that Firestore accepts in one request
(https://firebase.google.com/docs/firestore/quotas#writes_and_transactions)."""
_BUDGET_SECONDS = 4.5
_MAX_WAITING_CHANGES = 1_000
_MAX_WAITING_BYTES = 8 * 1024 * 1024
_MAX_WAITING_BYTES_IN_ALL = 64 * MIB
"""Over all conversations, including commits in flight."""
_MAX_COMMITS_IN_FLIGHT = 64
"""Over all conversations. It is below the usual 100 streams of an HTTP/2 connection."""


class _Queue:
    """The waiting changes of one conversation, and those in flight."""

    def __init__(self, all_queues: Weight) -> None:
        self._waiting: deque[Waiting] = deque()
        self._size = 0
        self._all_queues = all_queues
        self._in_flight: Sequence[Waiting] = ()
        self._timer: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def full(self) -> bool:
        return len(self._waiting) >= _MAX_WAITING_CHANGES or self._size >= _MAX_WAITING_BYTES

    def push(self, waiting: Waiting) -> None:
        self._waiting.append(waiting)
        self._size += waiting.size
        self._all_queues.bytes += waiting.size
        if self._timer is None:
            self._watch(waiting)

    def pop_batch(self) -> Sequence[Waiting]:
        """Return the changes for the next commit: as many as fit, at least one."""
        self._release(self._in_flight)
        batch: list[Waiting] = []
        size = 0
        while self._waiting and len(batch) < _MAX_CHANGES:
            size += self._waiting[0].size
            if batch and size > _MAX_BYTES:
                break
            batch.append(self._waiting.popleft())
            self._size -= batch[-1].size
        self._in_flight = batch
        return batch

    def close(self) -> None:
        """Close the queue, and answer every request that still waits."""
        if self._timer is not None:
            self._timer.cancel()
        for waiting in chain(self._in_flight, self._waiting):
            waiting.expire()
        self._release(chain(self._in_flight, self._waiting))

    def _release(self, ended: Iterable[Waiting]) -> None:
        self._all_queues.bytes -= sum(waiting.size for waiting in ended)

    def _watch(self, oldest: Waiting) -> None:
        """Set one timer for the oldest change. One per change would be set and cancelled with every
        message."""
        loop = asyncio.get_running_loop()
        left = oldest.since + _BUDGET_SECONDS - time.monotonic()
        self._timer = loop.call_later(left, self._expire)

    def _expire(self) -> None:
        self._timer = None
        over = time.monotonic() - _BUDGET_SECONDS
        for waiting in chain(self._in_flight, self._waiting):
            if waiting.abandoned:
                continue
            if waiting.since > over:
                self._watch(waiting)
                return
            waiting.expire()


class CommitListener(Protocol):
    """Receives the commits of this process."""

    def committed(self, committed: Committed) -> None:
        """Handle a commit, before its requests are answered."""

    def was_read(self, conversation: Conversation) -> None:
        """Handle a conversation that had to be read. It may be ahead of the deliveries of this
        process."""

    def in_doubt(self, recheck: Recheck) -> None:
        """Handle a commit that was given up. The function checks its outcome."""


class Writer:
    def __init__(
        self,
        store: Store,
        cache: ConversationCache,
        listener: CommitListener,
    ) -> None:
        self._store = store
        self._cache = cache
        self._listener = listener
        self._queues: dict[str, _Queue] = {}
        self._weight = Weight("commits", most=_MAX_WAITING_BYTES_IN_ALL)
        self._places = asyncio.Semaphore(_MAX_COMMITS_IN_FLIGHT)
        self._tasks: TaskSet[None] = TaskSet()

    async def submit(self, conversation_id: str, change: ConversationChange) -> Outcome:
        """Commit a change and return its outcome as stored.

        Raises the errors of the change, ConversationNotFound, and StoreUnavailable after at most
        4.5 seconds. Raises StoreUnavailable at once if 1,000 changes or 8 MiB already wait for this
        conversation, or 64 MiB for all.
        """
        queue = self._queues.get(conversation_id)
        if queue is None:
            queue = self._queues[conversation_id] = _Queue(self._weight)
            self._tasks.start(self._work(conversation_id, queue))
        if queue.full:
            raise StoreUnavailable(
                "Too many requests are waiting for this conversation. Retry after 1 s."
            )
        if self._weight.bytes >= self._weight.most:
            raise StoreUnavailable("The service is overloaded. Retry after 1 s.")
        waiting = Waiting(change)
        queue.push(waiting)
        try:
            return await waiting.answer
        finally:
            COMMIT_SECONDS.observe(time.monotonic() - waiting.since)

    async def drain(self) -> None:
        """Wait until nothing is waiting or in flight."""
        await self._tasks.join()

    async def _work(self, conversation_id: str, queue: _Queue) -> None:
        """Run the commits of one conversation one after the other. The slots are assigned in the
        order of requests: a busy conversation queues again after each commit, behind all others."""
        try:
            while queue:
                async with self._places:
                    await self._write(conversation_id, queue.pop_batch())
        finally:
            queue.close()
            del self._queues[conversation_id]

    async def _write(self, conversation_id: str, batch: Sequence[Waiting]) -> None:
        listener = self._listener
        group = GroupCommit(
            self._store, self._cache, conversation_id, batch, on_read=listener.was_read
        )
        try:
            await group.run(listener.committed)
        except MessagingError as error:
            group.refuse(error)
        except Exception as error:
            logger.exception("commit.failed", conversation_id=conversation_id, changes=len(batch))
            if len(batch) == 1:
                group.refuse(error)
                return
            # One of them is refused by the store or has a bug; it fails alone. Changes that were
            # already stored, if any, find that they were.
            for waiting in batch:
                await self._write(conversation_id, [waiting])
        finally:
            if group.in_doubt:
                listener.in_doubt(partial(group.settle, listener.committed))
