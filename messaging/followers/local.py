"""Handles the changes for a local follower: its writes and its checkpoints are one transaction."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from cachetools import LRUCache
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.domain.exceptions import StoreUnavailable
from messaging.followers.backoff import seconds_after
from messaging.followers.checkpoints import Checkpoint, Checkpoints
from messaging.followers.follower import Followed, LocalFollower
from messaging.followers.inbox import Inbox, Pending
from messaging.followers.parts import MAX_WEIGHT, parts_of, weight_of
from messaging.followers.reading import Gone, read_after
from messaging.followers.registry import Registration
from messaging.instruments.follower_metrics import FOLLOWER_CHANGES, FOLLOWER_FAILURES
from messaging.stores.conversations import Store
from messaging.stores.sql.connections.calls import Calls

logger = structlog.get_logger(__name__)

_MAX_KNOWN = 10_000
_PART_SECONDS = 10.0
"""How long other processes leave the rest of the changes to the process that writes them in
parts."""
_READS_AT_ONCE = 4
"""The conversations that are read at once, and are in memory together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What moves a checkpoint once."""

    checkpoint: Checkpoint
    followed: Followed
    is_last: bool = True
    """Whether no further part of these changes is in memory."""


class _ContendedError(Exception):
    """Another process has moved one of the checkpoints."""


class LocalHandler:
    """Keeps the checkpoints that it has moved in memory. A copy that is out of date moves
    nothing."""

    def __init__(
        self, follower: LocalFollower, *, store: Store, calls: Calls, inbox: Inbox, owner: str
    ) -> None:
        self._follower = follower
        self._store = store
        self._calls = calls
        self._inbox = inbox
        self._checkpoints = Checkpoints(follower.name, owner=owner)
        self._known: LRUCache[str, Checkpoint] = LRUCache(_MAX_KNOWN)
        self.handled = 0

    def forget(self) -> None:
        """Forget the checkpoints, since the store was restored."""
        self._known.clear()

    async def join(self) -> None:
        """Do nothing: nothing is under way outside of `handle`."""

    async def stop(self) -> None:
        """Do nothing, as `join`."""

    async def discard(self, conversation_ids: Sequence[str]) -> None:
        """Discard conversations that the store does not have, in short transactions. Raises
        StoreUnavailable."""
        for conversation_id in conversation_ids:
            while await self._calls.write("follow", self._discard, conversation_id):
                pass

    async def handle(self, pending: Sequence[Pending], registered: Registration) -> None:
        """Handle these conversations. Raises StoreUnavailable."""
        unknown = [one.conversation_id for one in pending if self._must_look(one)]
        if unknown:
            found = await self._calls.read("follow", self._checkpoints.get, unknown)
            self._known.update(found)
        batch: list[Step] = []
        weight = 0
        for first in range(0, len(pending), _READS_AT_ONCE):
            some = pending[first : first + _READS_AT_ONCE]
            steps = [self._from_memory(one, registered) for one in some]
            if None in steps:
                steps = await asyncio.gather(*(self._prepare(one, registered) for one in some))
            for step in filter(None, steps):
                for part in parts_of(step.followed):
                    if batch and weight + weight_of(part) > MAX_WEIGHT:
                        await self._write(batch, registered)
                        batch, weight = [], 0
                    if (one := self._step_of(part, step)) is None:
                        break
                    batch.append(one)
                    weight += weight_of(part)
        if batch:
            await self._write(batch, registered)

    def _step_of(self, part: Followed, whole: Step) -> Step | None:
        """Return the step for a part of a step, after the parts before it. Return None if one of
        these was not written: the conversation then waits for a retry, or is in the inbox."""
        is_first = part.since == whole.followed.since
        checkpoint = whole.checkpoint if is_first else self._known.get(part.conversation.id)
        if checkpoint is None or (not is_first and checkpoint.version != part.since):
            return None
        is_last = part.version == whole.followed.version
        return Step(checkpoint=checkpoint, followed=part, is_last=is_last)

    def _must_look(self, pending: Pending) -> bool:
        return pending.must_read or pending.conversation_id not in self._known

    def _from_memory(self, pending: Pending, registered: Registration) -> Step | None:
        """Return the next step in a conversation, if its changes are in memory."""
        checkpoint = self._known.get(pending.conversation_id)
        if checkpoint is None or pending.must_read:
            return None
        if checkpoint.after(registered.generation) != pending.since:
            return None
        return Step(checkpoint=checkpoint, followed=pending.followed(registered.epoch))

    async def _prepare(self, pending: Pending, registered: Registration) -> Step | None:
        """Return the next step in a conversation, or None if there is nothing to do."""
        conversation_id = pending.conversation_id
        checkpoint = self._known.get(conversation_id)
        if checkpoint is None:  # other conversations have displaced it
            self._inbox.add_now(conversation_id)
            return None
        if (step := self._from_memory(pending, registered)) is not None:
            return step
        version = checkpoint.after(registered.generation)
        if not pending.must_read and version >= pending.version:
            return None
        try:
            followed = await read_after(
                self._store,
                conversation_id,
                version,
                from_beginning=self._follower.from_beginning,
                started_at=registered.started_at,
                epoch=registered.epoch,
            )
        except Gone:
            await self.discard([conversation_id])
            return None
        if followed is not None:
            return Step(checkpoint=checkpoint, followed=followed)
        if checkpoint.due:
            await self._calls.write("follow", self._checkpoints.settle, checkpoint)
        return None

    async def _write(self, batch: Sequence[Step], registered: Registration) -> None:
        try:
            moved, unfinished = await self._calls.write(
                "follow", self._apply, batch, registered.generation
            )
        except StoreUnavailable:
            raise
        except Exception:
            FOLLOWER_FAILURES.labels(self._follower.name).inc()
            if len(batch) > 1:  # one of them cannot be applied; it fails alone
                for step in batch:
                    await self._write([step], registered)
                return
            checkpoint = batch[0].checkpoint
            seconds = seconds_after(checkpoint.attempts)
            logger.exception(
                "follower.failed",
                follower=self._follower.name,
                conversation_id=checkpoint.conversation_id,
                retry_after=round(seconds),
            )
            self._known.pop(checkpoint.conversation_id, None)
            await self._calls.write(
                "follow", self._checkpoints.postpone, checkpoint, seconds=seconds
            )
            return
        counts = Counter[str]()
        for step in batch:
            followed, conversation_id = step.followed, step.checkpoint.conversation_id
            if conversation_id not in moved:
                self._known.pop(conversation_id, None)
                self._inbox.add_now(conversation_id)
                continue
            source = "store" if followed.changes is None else "memory"
            count = max(len(followed.messages), 1)
            counts[source] += count
            self._known[conversation_id] = Checkpoint(
                conversation_id=conversation_id,
                generation=registered.generation,
                version=followed.version,
            )
            if (followed.more and step.is_last) or conversation_id in unfinished:
                self._known.pop(conversation_id)
                self._inbox.add_now(conversation_id)
        self.handled += counts.total()
        for source, count in counts.items():
            FOLLOWER_CHANGES.labels(self._follower.name, source).inc(count)

    def _apply(
        self, database: BaseDatabaseWrapper, batch: Sequence[Step], generation: int
    ) -> tuple[set[str], set[str]]:
        """Move the checkpoints and write, for those conversations whose checkpoint is still as it
        was read. Return them, and those with more to write. They are locked in the order of their
        ids, so that two processes do not wait for each other."""
        batch = sorted(batch, key=lambda step: step.checkpoint.conversation_id)
        try:
            with atomic(using=database.alias):
                return self._written(database, self._moved(database, batch, generation))
        except _ContendedError:
            with atomic(using=database.alias):
                moved = [one for one in batch if self._move(database, one, generation)]
                return self._written(database, moved)

    def _moved(
        self, database: BaseDatabaseWrapper, batch: Sequence[Step], generation: int
    ) -> Sequence[Step]:
        """Move the checkpoints in the order of the batch, by one call if each moves in the usual
        way. Return those that were as they were read. Raises _ContendedError."""
        if not all(_is_usual(step, generation) for step in batch):
            return [step for step in batch if self._move(database, step, generation)]
        moves = [(step.checkpoint, step.followed.version) for step in batch]
        if not self._checkpoints.move_all(database, moves):
            raise _ContendedError
        return batch

    def _move(self, database: BaseDatabaseWrapper, step: Step, generation: int) -> bool:
        followed = step.followed
        return self._checkpoints.move(
            database,
            step.checkpoint,
            generation=generation,
            version=followed.version,
            more_until=followed.conversation.version if followed.more else None,
            due_after=0.0 if step.is_last else _PART_SECONDS,
        )

    def _written(
        self, database: BaseDatabaseWrapper, moved: Sequence[Step]
    ) -> tuple[set[str], set[str]]:
        written = [step.followed for step in moved]
        unfinished = set(self._follower.write(database, written))
        for followed in written:
            if followed.conversation.id in unfinished:
                self._checkpoints.move_back(database, followed)
        return {followed.conversation.id for followed in written}, unfinished

    def _discard(self, database: BaseDatabaseWrapper, conversation_id: str) -> bool:
        """Discard some of a conversation, its checkpoint last. Return whether something is left."""
        with atomic(using=database.alias):
            is_left = self._follower.forget(database, conversation_id)
            if not is_left:
                self._checkpoints.delete(database, [conversation_id])
        return is_left


def _is_usual(step: Step, generation: int) -> bool:
    """Return whether a checkpoint is there, and reaches the version of its conversation."""
    checkpoint = step.checkpoint
    return checkpoint.stored and checkpoint.generation == generation and not step.followed.more
