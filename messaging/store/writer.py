"""The writer: every durable change of a conversation goes through here.

At most one commit per conversation is in flight in this process; what arrives meanwhile goes
together into the next (*group commit*). Firestore sustains about one write per second on one
document: this is what makes a busy conversation possible at all.

Promises: an act is answered only after the store has committed it. Changes are handed to
`on_commit` in the order of their versions, without an await between the commit's answer and the
call. An act that was refused, or found nothing to do, was judged on a state read for it, never
on an old copy.

Not promised: after StoreUnavailable the act may have been applied, or may be yet.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from messaging.entities import Change, Conversation
from messaging.exceptions import ConversationNotFound, MessagingError, StoreUnavailable
from messaging.store.acts import Act, Evaluation, Outcome
from messaging.store.base import (
    AlreadyExists,
    CommitUnknown,
    Conflict,
    Store,
    stamped,
    stamped_conversation,
)
from messaging.store.cache import ConversationCache

logger = structlog.get_logger(__name__)

_BUDGET_SECONDS = 4.5
_MAX_ACTS_PER_COMMIT = 100
_MAX_WAITING_ACTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What one commit changed: consecutive versions of one conversation."""

    conversation: Conversation
    """As it stands after the last of the changes."""
    changes: Sequence[Change]


@dataclass(slots=True, eq=False)
class _Waiting:
    act: Act
    answer: asyncio.Future[Outcome]
    deadline: float

    @property
    def abandoned(self) -> bool:
        return self.answer.done() or time.monotonic() > self.deadline


class Writer:
    def __init__(
        self,
        store: Store,
        cache: ConversationCache,
        *,
        on_commit: Callable[[Committed], None],
        on_read: Callable[[Conversation], None],
    ) -> None:
        """`on_commit` is told every commit of this process, `on_read` every conversation that
        had to be read: it may be ahead of what this process has delivered."""
        self._store = store
        self._cache = cache
        self._on_commit = on_commit
        self._on_read = on_read
        self._queues: dict[str, deque[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def submit(self, conversation_id: str, act: Act) -> Outcome:
        """Commit an act and return its outcome as stored.

        Raises what the act raises, ConversationNotFound, and StoreUnavailable after at most
        4.5 seconds, or at once when 1,000 acts already wait for this conversation.
        """
        queue = self._queues.get(conversation_id)
        if queue is None:
            queue = self._queues[conversation_id] = deque()
            task = asyncio.create_task(self._work(conversation_id, queue))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if len(queue) >= _MAX_WAITING_ACTS:
            raise StoreUnavailable("Too many requests wait for this conversation.")
        waiting = _Waiting(
            act, asyncio.get_running_loop().create_future(), time.monotonic() + _BUDGET_SECONDS
        )
        queue.append(waiting)
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + _BUDGET_SECONDS):
                return await waiting.answer
        except TimeoutError:
            raise StoreUnavailable from None

    async def drain(self) -> None:
        """Return when nothing is waiting or in flight any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _work(self, conversation_id: str, queue: deque[_Waiting]) -> None:
        try:
            while queue:
                batch = [queue.popleft() for _ in range(min(len(queue), _MAX_ACTS_PER_COMMIT))]
                try:
                    await self._write(conversation_id, batch)
                except MessagingError as error:
                    _refuse(batch, error)
                except Exception as error:
                    logger.exception("commit.failed", conversation_id=conversation_id)
                    _refuse(batch, error)
        finally:
            del self._queues[conversation_id]

    async def _write(self, conversation_id: str, batch: list[_Waiting]) -> None:
        base = self._cache.get(conversation_id)
        cached = base is not None
        look_up_created = False
        attempt = 0
        while batch := [waiting for waiting in batch if not waiting.abandoned]:
            attempt += 1
            if base is None:
                base = await self._read(conversation_id)
                cached = False
            evaluation = await self._evaluate(base, batch, look_up_created=look_up_created)
            if not evaluation.settled and (cached or not look_up_created):
                # Judged again on a state read for it, and knowing what earlier requests created:
                # a retry that would be refused today was carried out then.
                base, look_up_created = (None if cached else base), True
                continue
            if evaluation.changes_nothing:
                _answer(batch, evaluation.outcomes)
                return
            try:
                stored = await self._store.commit(evaluation.commit())
            except Conflict:
                base = None
                await asyncio.sleep(random.uniform(0, 0.005 * min(attempt, 20)))
            except AlreadyExists:
                look_up_created = True
            except CommitUnknown:
                logger.warning("commit.unknown", conversation_id=conversation_id, attempt=attempt)
                self._cache.drop(conversation_id)
                base, look_up_created = None, True
                await asyncio.sleep(random.uniform(0, 0.05 * attempt))
            else:
                self._committed(stored, batch, evaluation.outcomes)
                return
        self._cache.drop(conversation_id)

    async def _read(self, conversation_id: str) -> Conversation:
        conversation = await self._store.get_conversation(conversation_id)
        if conversation is None:
            raise ConversationNotFound
        self._cache.put(conversation)
        self._on_read(conversation)
        return conversation

    async def _evaluate(
        self, base: Conversation, batch: Sequence[_Waiting], *, look_up_created: bool
    ) -> Evaluation:
        """The messages are read after the base: whatever changes them later changes the base
        too, and then the commit fails."""
        wanted = {message_id for waiting in batch for message_id in waiting.act.reads}
        if look_up_created:
            wanted |= {waiting.act.creates for waiting in batch if waiting.act.creates}
        found = await self._store.get_messages(base.id, sorted(wanted)) if wanted else {}
        evaluation = Evaluation(base, dict(found))
        for waiting in batch:
            evaluation.add(waiting.act)
        return evaluation

    def _committed(
        self,
        stored: Conversation,
        batch: Sequence[_Waiting],
        outcomes: Sequence[Outcome | MessagingError],
    ) -> None:
        self._cache.put(stored)
        final = [
            outcome if isinstance(outcome, MessagingError) else _stamped(outcome, stored)
            for outcome in outcomes
        ]
        changes = [
            outcome.change
            for outcome in final
            if isinstance(outcome, Outcome) and outcome.change is not None
        ]
        self._on_commit(Committed(conversation=stored, changes=changes))
        _answer(batch, final)


def _stamped(outcome: Outcome, stored: Conversation) -> Outcome:
    """The outcome with the store's time in it, and with the conversation as stored."""
    at = stored.updated_at
    message = stamped(outcome.message, at) if outcome.message else None
    change = outcome.change
    if change is not None:
        snapshot = change.conversation and stamped_conversation(change.conversation, at, None)
        change = replace(change, message=message, conversation=snapshot)
    return replace(outcome, conversation=stored, message=message, change=change)


def _answer(batch: Sequence[_Waiting], outcomes: Sequence[Outcome | MessagingError]) -> None:
    for waiting, outcome in zip(batch, outcomes, strict=True):
        if waiting.answer.done():
            continue
        if isinstance(outcome, Outcome):
            waiting.answer.set_result(outcome)
        else:
            waiting.answer.set_exception(outcome)


def _refuse(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)
