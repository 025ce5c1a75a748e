"""Checkpoints: how far a follower has come in each conversation, in `DATABASE_URL`.

A checkpoint moves only from the version that its reader knew. Of two processes that handle the same
changes, one moves it, and the other one reads it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from messaging.followers.follower import NOTHING, Followed
from messaging.models import CheckpointRecord
from messaging.stores.sql.connections.clock import now, stored_time

_INSERT = """INSERT INTO messaging_checkpoint (
        conversation_id, follower, generation, version, known_version, due_at, attempts, owner
    ) VALUES (%s, %s, %s, %s, %s, %s, 0, '')
    ON CONFLICT (conversation_id, follower) DO NOTHING"""
_MOVE = """UPDATE messaging_checkpoint
    SET generation = %s, version = %s, attempts = 0, owner = '', leased_until = NULL,
        due_at = CASE WHEN known_version > %s THEN due_at END
    WHERE conversation_id = %s AND follower = %s
        AND generation = %s AND version = %s AND owner = %s"""
_MOVE_AND_SET = """UPDATE messaging_checkpoint
    SET generation = %s, version = %s, attempts = 0, owner = '', leased_until = NULL,
        known_version = %s, due_at = %s
    WHERE conversation_id = %s AND follower = %s
        AND generation = %s AND version = %s AND owner = %s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    conversation_id: str
    generation: int
    version: int
    """As stored. See `after` for what it means."""
    stored: bool = True
    """False if there is no row yet."""
    attempts: int = 0
    """The failures since it moved."""
    known_version: int = NOTHING
    due: bool = False

    def after(self, generation: int) -> int:
        """Return the version up to which everything is handled, for a follower of this
        generation."""
        return self.version if self.generation == generation else NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a follower has to handle."""

    conversation_ids: Sequence[str] = ()
    """Those that are due and not leased, the longest first."""
    oldest: datetime | None = None
    """Since when the longest waiting conversation is due, leased or not."""


class Refusal(Enum):
    """Why a conversation is not leased."""

    LEASED = auto()
    """Another process has it."""
    WAITS = auto()
    """It is due later, after a failure."""


class Checkpoints:
    """The checkpoints of one follower. All methods run in a thread, with its connection."""

    def __init__(self, follower: str, *, owner: str) -> None:
        """Create them. `owner` identifies this process."""
        self._follower = follower
        self._owner = owner

    def get(
        self, database: BaseDatabaseWrapper, conversation_ids: Sequence[str]
    ) -> Mapping[str, Checkpoint]:
        """Return the checkpoints of all these conversations."""
        records = self._records(database).filter(conversation_id__in=conversation_ids)
        found = {record.conversation_id: _checkpoint(record) for record in records}
        return {one: found.get(one) or _missing(one) for one in conversation_ids}

    def move(
        self,
        database: BaseDatabaseWrapper,
        before: Checkpoint,
        *,
        generation: int,
        version: int,
        more_until: int | None = None,
        due_after: float = 0.0,
        owned: bool = False,
    ) -> bool:
        """Move a checkpoint in one statement, and return whether it was still as it was read.

        `more_until` is the version of the conversation if it is still ahead: then it is due, after
        `due_after` seconds. `owned` requires the lease of this process, and ends it.
        """
        key = (before.conversation_id, self._follower)
        as_read = (before.generation, before.version, self._owner if owned else "")
        ahead: tuple[int, datetime | str | None] = (NOTHING, None)
        if more_until is not None:
            due_at = now(database) + timedelta(seconds=due_after)
            ahead = (more_until, stored_time(database, due_at))
        with database.cursor() as cursor:
            if not before.stored:
                cursor.execute(_INSERT, [*key, generation, version, *ahead])
            elif more_until is None and before.generation == generation:
                cursor.execute(_MOVE, [generation, version, version, *key, *as_read])
            else:  # what was known may belong to the store before a restore
                cursor.execute(_MOVE_AND_SET, [generation, version, *ahead, *key, *as_read])
            moved: bool = cursor.rowcount == 1
        return moved

    def move_all(
        self, database: BaseDatabaseWrapper, moves: Sequence[tuple[Checkpoint, int]]
    ) -> bool:
        """Move many checkpoints of this generation, each to a version at which nothing is ahead,
        and return whether all were as they were read. Otherwise some are moved: roll back."""
        if not moves:
            return True
        parameters = [
            (
                *(before.generation, version, version),
                *(before.conversation_id, self._follower, before.generation, before.version, ""),
            )
            for before, version in moves
        ]
        with database.cursor() as cursor:
            cursor.executemany(_MOVE, parameters)
            moved: bool = cursor.rowcount == len(moves)
        return moved

    def move_back(self, database: BaseDatabaseWrapper, followed: Followed) -> None:
        """Move a checkpoint back in the transaction that has moved it: the changes are due again,
        at once."""
        self._records(database).filter(conversation_id=followed.conversation.id).update(
            version=followed.since, known_version=followed.version, due_at=now(database)
        )

    def settle(self, database: BaseDatabaseWrapper, before: Checkpoint) -> None:
        """Note that the store is not ahead of a checkpoint that was due."""
        self._at(database, before).update(due_at=None, attempts=0)

    def claim(
        self, database: BaseDatabaseWrapper, conversation_id: str, *, seconds: float
    ) -> Checkpoint | Refusal:
        """Lease a conversation, and return its checkpoint. It is due when the lease ends."""
        at = now(database)
        leased_until = at + timedelta(seconds=seconds)
        records = self._records(database).filter(conversation_id=conversation_id)
        self._records(database).bulk_create([self._new(conversation_id)], ignore_conflicts=True)
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=at) | Q(owner=self._owner)
        ready = Q(due_at__isnull=True) | Q(due_at__lte=at)
        claimed = records.filter(free, ready).update(
            owner=self._owner, leased_until=leased_until, due_at=Coalesce("due_at", Value(at))
        )
        record = records.get()
        if claimed:
            return _checkpoint(record)
        is_leased = record.leased_until is not None and record.leased_until >= at
        return Refusal.LEASED if is_leased else Refusal.WAITS

    def release(
        self, database: BaseDatabaseWrapper, before: Checkpoint, *, retry_after: float | None = None
    ) -> None:
        """End a lease. With `retry_after`, the changes could not be handled: they are due again
        after so many seconds. 0 seconds are no failure. What was marked meanwhile stays due."""
        mine = self._records(database).filter(
            conversation_id=before.conversation_id,
            generation=before.generation,
            version=before.version,
            owner=self._owner,
        )
        if retry_after is None:
            mine.filter(known_version=before.known_version).update(due_at=None, attempts=0)
            mine.update(owner="", leased_until=None)
            return
        due_at = now(database) + timedelta(seconds=retry_after)
        failures = 1 if retry_after else 0
        mine.update(owner="", leased_until=None, due_at=due_at, attempts=F("attempts") + failures)

    def postpone(
        self, database: BaseDatabaseWrapper, before: Checkpoint, *, seconds: float
    ) -> None:
        """Note that a conversation could not be handled, and is due again later."""
        records = self._records(database)
        records.bulk_create([self._new(before.conversation_id)], ignore_conflicts=True)
        due_at = now(database) + timedelta(seconds=seconds)
        records.filter(conversation_id=before.conversation_id).update(
            due_at=due_at, attempts=F("attempts") + 1
        )

    def mark(
        self, database: BaseDatabaseWrapper, versions: Mapping[str, int], *, generation: int
    ) -> int:
        """Mark those of the conversations as due whose checkpoint is below the given version.
        Return their number. Conversations that wait for a retry keep its time."""
        known = self.get(database, list(versions))
        behind = {
            one: versions[one]
            for one, checkpoint in known.items()
            if checkpoint.after(generation) < versions[one]
            and not (checkpoint.due and checkpoint.known_version >= versions[one])
        }
        records = self._records(database)
        missing = [one for one in behind if not known[one].stored]
        records.bulk_create([self._new(one) for one in missing], ignore_conflicts=True)
        at = now(database)
        for conversation_id, version in behind.items():
            records.filter(conversation_id=conversation_id).update(
                known_version=version, due_at=Coalesce("due_at", Value(at))
            )
        return len(behind)

    def find_due(self, database: BaseDatabaseWrapper, *, limit: int) -> Due:
        """Return what is due, and so many conversations of it at most."""
        return Due(
            conversation_ids=self.list_due(database, limit=limit), oldest=self.oldest_due(database)
        )

    def list_due(self, database: BaseDatabaseWrapper, *, limit: int) -> Sequence[str]:
        """Return conversations that are due and not leased, the longest first."""
        at = now(database)
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=at)
        due = self._records(database).filter(free, due_at__lte=at).order_by("due_at")
        return list(due.values_list("conversation_id", flat=True)[:limit])

    def oldest_due(self, database: BaseDatabaseWrapper) -> datetime | None:
        """Return since when the longest waiting conversation is due."""
        due = self._records(database).filter(due_at__isnull=False).order_by("due_at")
        return due.values_list("due_at", flat=True).first()

    def list_void(
        self, database: BaseDatabaseWrapper, *, generation: int, after: str, limit: int
    ) -> Sequence[str]:
        """Return conversations with a checkpoint of an earlier generation, ascending by their ids,
        behind the id `after`."""
        void = self._records(database).filter(generation__lt=generation, conversation_id__gt=after)
        ids = void.order_by("conversation_id").values_list("conversation_id", flat=True)
        return list(ids[:limit])

    def delete(self, database: BaseDatabaseWrapper, conversation_ids: Sequence[str]) -> None:
        self._records(database).filter(conversation_id__in=conversation_ids).delete()

    def _at(self, database: BaseDatabaseWrapper, before: Checkpoint) -> QuerySet[CheckpointRecord]:
        """Return the row, if it is as it was read."""
        return self._records(database).filter(
            conversation_id=before.conversation_id,
            generation=before.generation,
            version=before.version,
            known_version=before.known_version,
        )

    def _records(self, database: BaseDatabaseWrapper) -> QuerySet[CheckpointRecord]:
        return CheckpointRecord.objects.using(database.alias).filter(follower=self._follower)

    def _new(self, conversation_id: str) -> CheckpointRecord:
        return CheckpointRecord(
            follower=self._follower,
            conversation_id=conversation_id,
            generation=0,
            version=NOTHING,
        )


def _checkpoint(record: CheckpointRecord) -> Checkpoint:
    return Checkpoint(
        conversation_id=record.conversation_id,
        generation=record.generation,
        version=record.version,
        attempts=record.attempts,
        known_version=record.known_version,
        due=record.due_at is not None,
    )


def _missing(conversation_id: str) -> Checkpoint:
    return Checkpoint(conversation_id=conversation_id, generation=0, version=NOTHING, stored=False)
