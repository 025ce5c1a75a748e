"""A group commit: a batch of changes to one conversation, on its way into one commit.

The changes are evaluated on the copy of the conversation that this process has. The commit succeeds
only if nobody changed the conversation since: then the copy was current, and so is what was
refused on it. Otherwise everything is read and evaluated again, rights too.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from messaging.changes.change import ConversationChange, Outcome, authorized
from messaging.commits.conversation_cache import ConversationCache
from messaging.commits.evaluation import Evaluation
from messaging.commits.waiting import Waiting
from messaging.domain.change import Change
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound, MessagingError
from messaging.domain.identifiers import random_id
from messaging.domain.message import Message
from messaging.instruments.metrics import COMMIT_CONFLICTS
from messaging.stores.conversations import (
    AlreadyExists,
    CommitUnknown,
    Conflict,
    Store,
    stamped,
    stamped_conversation,
)

logger = structlog.get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.004
_LONGEST_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What one commit changed: consecutive versions of one conversation."""

    conversation: Conversation
    """As it stands after the last of the changes, or later."""
    before_token: object
    """The token of the conversation as it was before."""
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """A commit whose answer was lost: it may have been applied, or may be yet."""

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
        """Of the messages that changes create, those that may exist already."""
        self._attempt = 0

    @property
    def in_doubt(self) -> bool:
        """Whether it ended without knowing what became of one of its commits."""
        return bool(self._unanswered)

    async def run(self, on_commit: Callable[[Committed], None]) -> None:
        """Answer every change of the batch, after telling `on_commit` what was changed.

        Changes whose requests have given up are not tried again. Raises what refuses all of them:
        ConversationNotFound, StoreUnavailable.
        """
        if not await self._carry_out(on_commit):
            self._cache.drop(self._conversation_id)

    async def settle(self, on_commit: Callable[[Committed], None]) -> Conversation:
        """Look again at what became of a commit in doubt, when it can no longer arrive. Raises
        StoreUnavailable."""
        conversation = await self._read()
        await self._settled(conversation, on_commit)
        return conversation

    async def _carry_out(self, on_commit: Callable[[Committed], None]) -> bool:
        """False when nobody waits any more."""
        base = self._cache.get(self._conversation_id)
        just_read = False
        while self._anybody_waits():
            self._attempt += 1
            if base is None:
                base, just_read = await self._read(), True
                if await self._settled(base, on_commit):
                    return True
            evaluation = await self._evaluate(base)
            if evaluation.changes_nothing and not just_read:
                base = None
                continue
            if not evaluation.refused_creations <= self._looked_up:
                # A retry that would be refused today may have been carried out then. The others of
                # the batch need not be looked up for it.
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

    async def _evaluate(self, base: Conversation) -> Evaluation:
        """The messages are read after the base: whatever changes them later changes the base
        too, and then the commit fails."""
        changes = [waiting.change for waiting in self._batch]
        # Rights first: no message is read for somebody who may not see the conversation.
        shut_out = [
            change for change in changes if self._ids(change) and not authorized(change, base)
        ]
        wanted = {id_ for change in changes if change not in shut_out for id_ in self._ids(change)}
        found = await self._store.get_messages(base.id, sorted(wanted)) if wanted else {}
        evaluation = Evaluation(base, dict(found))
        for change in changes:
            if change in shut_out and authorized(change, evaluation.conversation):
                # A change before it in this batch has let its actor in.
                late = await self._store.get_messages(base.id, sorted(self._ids(change)))
                evaluation.messages = {**late, **evaluation.messages}
            evaluation.add(change)
        return evaluation

    def _ids(self, change: ConversationChange) -> set[str]:
        """The ids of the messages that a change must see."""
        ids = set(change.reads)
        if change.creates in self._looked_up:
            ids.add(change.creates)
        return ids

    def _look_up_all(self) -> None:
        self._looked_up.update(
            waiting.change.creates for waiting in self._batch if waiting.change.creates is not None
        )

    async def _commit(self, evaluation: Evaluation) -> Conversation | None:
        """The conversation as stored, or None when the changes have to be evaluated again."""
        commit_id = random_id()
        try:
            return await self._store.commit(evaluation.commit(commit_id))
        except Conflict:
            COMMIT_CONFLICTS.inc()
            await self._pause()
        except AlreadyExists:
            self._look_up_all()
        except CommitUnknown:
            logger.warning("commit.unanswered", conversation_id=self._conversation_id)
            self._unanswered.append(_Unanswered(commit_id, tuple(self._batch), evaluation))
            self._look_up_all()
            await self._pause()
        return None

    def _overtaking(self, base: Conversation) -> Conversation | None:
        """A newer copy that an event has brought meanwhile; None to read one."""
        cached = self._cache.get(self._conversation_id)
        if cached is None or cached.version <= base.version or self._unanswered:
            return None
        return cached

    async def _pause(self) -> None:
        """Longer each time, and never the same for two processes: so they make progress
        together instead of in each other's way."""
        longest = min(_FIRST_PAUSE_SECONDS * 2**self._attempt, _LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(random.uniform(0, longest))

    async def _settled(self, base: Conversation, on_commit: Callable[[Committed], None]) -> bool:
        """Whether one of the unanswered commits turns out to have been applied.

        Its id stands in the conversation until the next commit; its messages, with the versions
        that it gave them, stay. Should it be applied later than this look, then it is stopped by
        the precondition, or it stops the commit that is tried in its place.
        """
        for lost in self._unanswered:
            at = await self._applied_at(lost, base)
            if at is not None:
                logger.info("commit.settled", conversation_id=self._conversation_id)
                self._finish(lost.batch, lost.evaluation, base, at, on_commit)
                return True
        # Those that the precondition stops from now on were not applied. Kept, they would be
        # taken for a later try that has the same messages.
        self._unanswered = [
            lost for lost in self._unanswered if lost.evaluation.base.token == base.token
        ]
        return False

    async def _applied_at(self, lost: _Unanswered, base: Conversation) -> datetime | None:
        if base.commit_id == lost.commit_id:
            return base.updated_at
        created = lost.evaluation.created
        found = await self._store.get_messages(base.id, list(created)) if created else {}
        only_sends = lost.evaluation.only_creates
        if not created or not all(
            message_id in found and _is_the_same(found[message_id], message, only_sends)
            for message_id, message in created.items()
        ):
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
        outcomes = [
            outcome if isinstance(outcome, MessagingError) else _stamped(outcome, stored, at)
            for outcome in evaluation.outcomes
        ]
        changes = [
            outcome.change
            for outcome in outcomes
            if isinstance(outcome, Outcome) and outcome.change is not None
        ]
        self._unanswered.clear()  # the precondition stops what has not arrived by now
        on_commit(
            Committed(conversation=stored, before_token=evaluation.base.token, changes=changes)
        )
        self._answer(batch, outcomes)

    def _answer(
        self, batch: Sequence[Waiting], outcomes: Sequence[Outcome | MessagingError]
    ) -> None:
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.give(outcome)


def _is_the_same(found: Message, created: Message, only_sends: bool) -> bool:
    """Whether a message was put where it is by this commit. Its place in the order is given once,
    whatever becomes of its text; beside other changes only its version tells that they were made
    with it, as long as it has not changed since."""
    same = (found.seq, found.content_hash) == (created.seq, created.content_hash)
    return same and (only_sends or found.version == created.version)


def _stamped(outcome: Outcome, stored: Conversation, at: datetime) -> Outcome:
    """The outcome with the store's time in it, and with the conversation as stored."""
    message = stamped(outcome.message, at) if outcome.message else None
    change = outcome.change
    if change is not None:
        snapshot = change.conversation and stamped_conversation(change.conversation, at, None)
        # Spelled out, for `replace` takes thrice as long, and each message passes here.
        change = Change(
            type=change.type,
            version=change.version,
            message=message,
            participants=change.participants,
            conversation=snapshot,
            by=change.by,
        )
    return Outcome(conversation=stored, change=change, message=message, positions=outcome.positions)
