"""A group commit: a batch of changes to one conversation, stored in one commit.

The changes are evaluated on this process's copy of the conversation. The commit succeeds only if
nobody has changed the conversation since. Then the copy was current, and so were the refusals on
it. Otherwise everything is read and evaluated again, including the rights.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from messaging.changes.change import ConversationChange, Outcome
from messaging.changes.needs import Needs
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.evaluation import Evaluation, origins_of
from messaging.commits.reading import evaluate
from messaging.domain.change import Change
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound, MessagingError, StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.instruments.metrics import COMMIT_CONFLICTS
from messaging.instruments.origin import Origin, current_origin
from messaging.stores.conversations import AlreadyExists, CommitUnknown, Conflict, Store

logger = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.004
_LONGEST_PAUSE_SECONDS = 0.25
_NAMED_TRIES = 2
"""Commits of one batch that may be refused for a message that the store names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The result of one commit: consecutive versions of one conversation."""

    conversation: Conversation
    """The conversation after the last of the changes, or later."""
    before_token: object
    """The token of the conversation before the commit."""
    changes: Sequence[Change]
    origins: Mapping[int, Origin] = field(default_factory=dict)
    """What caused the changes, as far as it is known, by version."""


class Waiting:
    """A change whose request waits for an answer."""

    __slots__ = ("answer", "change", "origin", "since", "size")

    def __init__(self, change: ConversationChange) -> None:
        self.change = change
        self.size = change.size
        self.origin = current_origin()
        self.since = time.monotonic()
        self.answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    @property
    def abandoned(self) -> bool:
        return self.answer.done()

    def expire(self) -> None:
        """Give up: the change is not tried any more."""
        if not self.answer.done():
            self.answer.set_exception(StoreUnavailable())

    def give(self, outcome: Outcome | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, Outcome):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """A commit whose answer was lost. It may have been applied, or may still be."""

    commit_id: str
    batch: Sequence[Waiting]
    evaluation: Evaluation


class GroupCommit:
    def __init__(
        self,
        store: Store,
        cache: ConversationCache,
        conversation_id: str,
        batch: Sequence[Waiting],
        *,
        on_read: Callable[[Conversation], None],
    ) -> None:
        self._store = store
        self._cache = cache
        self._conversation_id = conversation_id
        self._batch = list(batch)
        self._on_read = on_read
        self._unanswered: list[_Unanswered] = []
        self._looked_up: set[str] = set()
        """The ids of messages that the changes create, but that may already exist."""
        self._attempt = 0
        self._retried = 0

    @property
    def in_doubt(self) -> bool:
        """Return whether it ended without knowing the outcome of one of its commits."""
        return bool(self._unanswered)

    async def run(self, on_commit: Callable[[Committed], None]) -> None:
        """Answer every change of the batch, after calling `on_commit` with the commit.

        Changes whose requests have given up are not retried. Raises errors that refuse the whole
        batch: ConversationNotFound, StoreUnavailable.
        """
        if not await self._carry_out(on_commit):
            self._cache.drop(self._conversation_id)

    async def settle(self, on_commit: Callable[[Committed], None]) -> Conversation:
        """Check a commit in doubt once it can no longer arrive. Raises StoreUnavailable."""
        conversation = await self._read()
        await self._settled(conversation, on_commit)
        return conversation

    async def _carry_out(self, on_commit: Callable[[Committed], None]) -> bool:
        """Run one attempt. Return False if no request waits any more."""
        base = self._cache.get(self._conversation_id)
        just_read = False
        unchanged: Evaluation | None = None
        while self._anybody_waits():
            self._attempt += 1
            if base is None:
                base, just_read = await self._read(), True
                if await self._settled(base, on_commit):
                    return True
            evaluation, unchanged = await self._evaluate(base, unchanged), None
            if evaluation.changes_nothing and not just_read:
                base, unchanged = None, evaluation
                continue
            if not evaluation.refused_creations <= self._looked_up:
                # A retry that would be refused now may have succeeded before. The other messages of
                # the batch need no lookup.
                self._looked_up |= evaluation.refused_creations
                continue
            if evaluation.changes_nothing:
                self._answer(self._batch, evaluation.outcomes)
                return True
            stored = await self._commit(evaluation)
            if stored is not None:
                self._cache.put(stored)
                self._finish(self._batch, evaluation, stored, stored.updated_at, on_commit)
                return True
            base, just_read = self._overtaking(base), False
        return False

    def refuse(self, error: Exception) -> None:
        for waiting in self._batch:
            waiting.give(error)

    def _anybody_waits(self) -> bool:
        self._batch = [waiting for waiting in self._batch if not waiting.abandoned]
        return bool(self._batch)

    async def _read(self) -> Conversation:
        conversation = await self._store.get_conversation(self._conversation_id)
        if conversation is None:
            raise ConversationNotFound
        self._cache.put(conversation)
        self._on_read(conversation)
        return conversation

    async def _evaluate(self, base: Conversation, earlier: Evaluation | None) -> Evaluation:
        """Evaluate the batch, unless an earlier evaluation of it still holds: nobody has changed
        the conversation since, and so none of its messages."""
        if (
            earlier is not None
            and earlier.base.token == base.token
            and len(earlier.outcomes) == len(self._batch)
        ):
            return earlier
        changes = [waiting.change for waiting in self._batch]
        needs = [self._needs(change) for change in changes]
        if any(needs):
            return await evaluate(self._store, base, changes, needs)
        evaluation = Evaluation(base)
        for change in changes:
            evaluation.add(change)
        return evaluation

    def _needs(self, change: ConversationChange) -> Needs | None:
        """Return what a change needs; also the message that it creates, if that may exist."""
        if change.creates is None or change.creates not in self._looked_up:
            return change.needs
        needs = change.needs or Needs()
        return replace(needs, messages=(*needs.messages, change.creates))

    def _look_up_all(self) -> None:
        self._looked_up.update(
            waiting.change.creates for waiting in self._batch if waiting.change.creates is not None
        )

    def _look_up_existing(self, message_ids: frozenset[str]) -> None:
        """Look up the retried messages, and not the other sends of the batch. A store may name one
        existing message at a time. After a few such answers, look up all messages."""
        self._retried += 1
        if not message_ids or self._retried > _NAMED_TRIES:
            self._look_up_all()
        self._looked_up |= message_ids

    async def _commit(self, evaluation: Evaluation) -> Conversation | None:
        """Commit. Return the conversation as stored, or None if the changes must be evaluated
        again."""
        commit_id = random_id()
        try:
            return await self._store.commit(evaluation.commit(commit_id))
        except Conflict:
            COMMIT_CONFLICTS.inc()
            await self._pause()
        except AlreadyExists as found:
            self._look_up_existing(found.message_ids)
        except CommitUnknown:
            logger.warning("commit.unanswered", conversation_id=self._conversation_id)
            self._unanswered.append(_Unanswered(commit_id, tuple(self._batch), evaluation))
            self._look_up_all()
            await self._pause()
        return None

    def _overtaking(self, base: Conversation) -> Conversation | None:
        """Return a newer copy that the cache got from an event meanwhile, or None to read one."""
        cached = self._cache.get(self._conversation_id)
        if cached is None or cached.version <= base.version or self._unanswered:
            return None
        return cached

    async def _pause(self) -> None:
        """Pause for a random time that grows with each attempt, so that two processes do not keep
        blocking each other."""
        longest = min(_FIRST_PAUSE_SECONDS * 2**self._attempt, _LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(random.uniform(0, longest))

    async def _settled(self, base: Conversation, on_commit: Callable[[Committed], None]) -> bool:
        """Return whether one of the unanswered commits was applied after all.

        Its id stays in the conversation until the next commit. Its messages stay, with the versions
        that it assigned. If the commit is applied only after this check, then either the
        precondition stops it, or it stops the next attempt.
        """
        for lost in self._unanswered:
            at = await self._applied_at(lost, base)
            if at is not None:
                logger.info("commit.settled", conversation_id=self._conversation_id)
                self._finish(lost.batch, lost.evaluation, base, at, on_commit)
                return True
        # Commits that the precondition stops from now on were not applied. If they were kept, a
        # later attempt with the same messages would be mistaken for them.
        self._unanswered = [
            lost for lost in self._unanswered if lost.evaluation.base.token == base.token
        ]
        return False

    async def _applied_at(self, lost: _Unanswered, base: Conversation) -> datetime | None:
        if base.commit_id == lost.commit_id:
            return base.updated_at
        created = lost.evaluation.created
        found = await self._store.get_messages(base.id, list(created)) if created else {}
        if not lost.evaluation.was_applied(found):
            return None
        return next(iter(found.values())).created_at

    def _finish(
        self,
        batch: Sequence[Waiting],
        evaluation: Evaluation,
        stored: Conversation,
        at: datetime,
        on_commit: Callable[[Committed], None],
    ) -> None:
        outcomes = evaluation.stored_outcomes(stored, at)
        changes = [
            change
            for outcome in outcomes
            if isinstance(outcome, Outcome)
            for change in (outcome.change, outcome.report)
            if change is not None
        ]
        caused = [
            (one.origin, one.since, outcome)
            for one, outcome in zip(batch, outcomes, strict=True)
            if one.origin is not None
        ]
        self._unanswered.clear()  # the precondition stops commits that have not arrived yet
        on_commit(
            Committed(
                conversation=stored,
                before_token=evaluation.base.token,
                changes=changes,
                origins=origins_of(caused, changes=len(batch)) if caused else {},
            )
        )
        self._answer(batch, outcomes)

    def _answer(
        self, batch: Sequence[Waiting], outcomes: Sequence[Outcome | MessagingError]
    ) -> None:
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.give(outcome)
