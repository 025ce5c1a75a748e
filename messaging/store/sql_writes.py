"""What the SQL store writes, each in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Max
from django.db.transaction import atomic

from messaging.entities import Conversation, Preferences, ReadPosition, Role
from messaging.exceptions import ConversationNotFound
from messaging.models import (
    ConversationRecord,
    MessageRecord,
    ParticipantRecord,
    ReadPositionRecord,
)
from messaging.store import sql_rows as rows
from messaging.store.base import (
    Advanced,
    AlreadyExists,
    Commit,
    CommitUnknown,
    Conflict,
    stamped,
    stamped_conversation,
)
from messaging.store.sql_clock import now
from messaging.store.sql_threads import LOST

_FIRST_REVISION = 1


def create_conversation(database: BaseDatabaseWrapper, conversation: Conversation) -> Conversation:
    records = ConversationRecord.objects.using(database.alias)
    try:
        with _committing(database):
            stored = stamped_conversation(conversation, now(database), token=_FIRST_REVISION)
            people = stored.participants.values()
            records.create(
                id=stored.id, revision=_FIRST_REVISION, **rows.conversation_columns(stored)
            )
            ParticipantRecord.objects.using(database.alias).bulk_create(
                rows.participant_records(stored.id, people)
            )
            positions = [ReadPosition(user_id=one.user_id) for one in people]
            _put_positions(database, stored.id, positions)
    except IntegrityError as error:
        if records.filter(id=conversation.id).exists():
            raise AlreadyExists from error
        raise
    return stored


def commit(database: BaseDatabaseWrapper, commit: Commit) -> Conversation:
    revision = cast("int", commit.before.token)
    messages = MessageRecord.objects.using(database.alias)
    try:
        with _committing(database):
            at = now(database)
            after = replace(commit.after, commit_id=commit.commit_id)
            after = stamped_conversation(after, at, token=revision + 1)
            _update_conversation(database, after, revision)
            messages.bulk_create(
                rows.message_record(stamped(message, at)) for message in commit.created
            )
            messages.bulk_create(
                [rows.message_record(stamped(message, at)) for message in commit.replaced],
                update_conflicts=True,
                unique_fields=["id"],
                update_fields=rows.MESSAGE_COLUMNS,
            )
            _change_participants(database, commit.before, after)
            _put_positions(database, after.id, commit.positions)
    except IntegrityError as error:
        if messages.filter(id__in=[one.id for one in commit.created]).exists():
            raise AlreadyExists from error
        raise
    return after


def set_preferences(
    database: BaseDatabaseWrapper, conversation_id: str, user_id: str, changes: Mapping[str, Any]
) -> None:
    with atomic(using=database.alias):
        records = ConversationRecord.objects.using(database.alias).filter(id=conversation_id)
        record = records.select_for_update().first()
        if record is None:
            raise ConversationNotFound
        stored = dict(record.preferences)
        former = rows.preferences(stored.pop(user_id)) if user_id in stored else Preferences()
        own = replace(former, **changes)
        if own != Preferences():
            stored[user_id] = rows.preferences_json(own)
        records.update(preferences=stored, revision=F("revision") + 1)


def set_blocked(
    database: BaseDatabaseWrapper, conversation_id: str, user_id: str, blocked: bool
) -> None:
    with atomic(using=database.alias):
        records = ConversationRecord.objects.using(database.alias).filter(id=conversation_id)
        record = records.select_for_update().first()
        if record is None:
            raise ConversationNotFound
        blockers = set(record.blocked_by)
        blockers = blockers | {user_id} if blocked else blockers - {user_id}
        records.update(blocked_by=sorted(blockers), revision=F("revision") + 1)


def advance_read(
    database: BaseDatabaseWrapper, conversation_id: str, user_id: str, seq: int
) -> Advanced:
    with atomic(using=database.alias):
        records = ReadPositionRecord.objects.using(database.alias).select_for_update()
        record, _ = records.get_or_create(conversation_id=conversation_id, user_id=user_id)
        moved = seq > record.read_seq
        if moved:
            record.read_seq = seq
            record.delivered_seq = max(seq, record.delivered_seq)
            record.save(update_fields=["read_seq", "delivered_seq"])
    return Advanced(position=rows.read_position(record), moved=moved)


def advance_delivered(
    database: BaseDatabaseWrapper, conversation_id: str, user_id: str, seq: int
) -> None:
    records = ReadPositionRecord.objects.using(database.alias)
    own = records.filter(conversation_id=conversation_id, user_id=user_id)
    behind = own.filter(delivered_seq__lt=seq)
    if not behind.update(delivered_seq=seq) and not own.exists():
        records.get_or_create(conversation_id=conversation_id, user_id=user_id)
        behind.update(delivered_seq=seq)


@contextmanager
def _committing(database: BaseDatabaseWrapper) -> Iterator[None]:
    """A transaction. Raises CommitUnknown when the connection is lost at its COMMIT.

    A locked SQLite never shows there but already at BEGIN IMMEDIATE, when nothing is written.
    """
    commit_sent = False
    try:
        with atomic(using=database.alias):
            yield
            commit_sent = True
    except LOST as error:
        if commit_sent:
            raise CommitUnknown from error
        raise


def _update_conversation(
    database: BaseDatabaseWrapper, conversation: Conversation, revision: int
) -> None:
    """Raises Conflict unless the row is still at this revision.

    It comes first in a commit: from here on the row is locked, and nobody else gets in between.
    """
    records = ConversationRecord.objects.using(database.alias)
    unchanged = records.filter(id=conversation.id, revision=revision)
    if not unchanged.update(revision=revision + 1, **rows.conversation_columns(conversation)):
        raise Conflict


def _change_participants(
    database: BaseDatabaseWrapper, before: Conversation, after: Conversation
) -> None:
    if before.participants == after.participants:
        return
    old, new = before.participants, after.participants
    stayed = {
        user_id
        for user_id in old.keys() & new.keys()
        if old[user_id].joined_version == new[user_id].joined_version
    }
    everybody = ParticipantRecord.objects.using(database.alias)
    records = everybody.filter(conversation_id=after.id)
    records.filter(user_id__in=old.keys() - stayed).delete()
    for role in Role:
        given = [one for one in stayed if old[one].role != new[one].role == role]
        if given:
            records.filter(user_id__in=given).update(role=role.value)
    joined = [participant for participant in new.values() if participant.user_id not in stayed]
    if joined:
        last = records.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
        everybody.bulk_create(rows.participant_records(after.id, joined, first_position=position))


def _put_positions(
    database: BaseDatabaseWrapper, conversation_id: str, positions: Sequence[ReadPosition]
) -> None:
    ReadPositionRecord.objects.using(database.alias).bulk_create(
        rows.read_position_records(conversation_id, positions),
        update_conflicts=True,
        unique_fields=["conversation", "user_id"],
        update_fields=["read_seq", "delivered_seq"],
    )
