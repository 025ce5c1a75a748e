"""The SQL store's writes, each in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from django.db import Error, IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Max
from django.db.transaction import atomic

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.fields.earlier_texts import EarlierTexts
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Participant, Preferences, ReadPosition, Role
from messaging.models import (
    ConversationRecord,
    MessageRecord,
    ParticipantRecord,
    ReadPositionRecord,
)
from messaging.stores.conversations import AlreadyExists, Commit, Conflict
from messaging.stores.shared.commit_time import stamped
from messaging.stores.sql import rows
from messaging.stores.sql.attachments.records import attach, release
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now, stored_time, time_of_write
from messaging.stores.sql.connections.inserts import insert_rows
from messaging.stores.sql.connections.shared_transactions import SharedTransactions
from messaging.stores.sql.connections.transactions import committing
from messaging.stores.sql.reactions import rows as reaction_rows
from messaging.stores.sql.revisions import committed, new_revision
from messaging.stores.sql.sends.columns import is_send
from messaging.stores.sql.sends.size import size_of
from messaging.stores.sql.sends.statements import statements_for


def create_conversation(database: BaseDatabaseWrapper, conversation: Conversation) -> Conversation:
    records = ConversationRecord.objects.using(database.alias)
    try:
        with committing(database):
            stored = committed(conversation, random_id(), now(database))
            people = stored.participants.values()
            revision = cast("int", stored.token)
            records.create(id=stored.id, revision=revision, **rows.conversation_columns(stored))
            put_participants(database, stored.id, people)
            if stored.last_message is not None:
                MessageRecord.objects.using(database.alias).bulk_create(
                    [rows.message_record(stored.last_message)]
                )
            positions = [ReadPosition(user_id=one.user_id) for one in people]
            put_positions(database, stored.id, positions, stored.updated_at)
    except IntegrityError as error:
        if records.filter(id=conversation.id).exists():
            raise AlreadyExists from error
        raise
    return stored


def commit(database: BaseDatabaseWrapper, commit: Commit) -> Conversation:
    try:
        with committing(database):
            if is_send(commit):
                return statements_for(database.vendor).write(database, commit)
            return _write(database, commit)
    except IntegrityError as error:
        if there := _existing(database, commit):
            raise AlreadyExists(*there) from error
        raise


def commit_together(
    database: BaseDatabaseWrapper, commits: Sequence[Commit]
) -> Sequence[Conversation | Exception | None]:
    """Commit sends of several conversations in one transaction, and return the result of each: the
    conversation as stored, the error that refused this commit alone, or None if this commit must be
    tried alone."""
    outcomes = statements_for(database.vendor).commit_together(database, commits)
    return [
        _named(database, commit, outcome) if isinstance(outcome, IntegrityError) else outcome
        for commit, outcome in zip(commits, outcomes, strict=True)
    ]


def shared_commits(calls: Calls) -> SharedTransactions[Commit, Conversation]:
    """Return a queue of commits. Sends to several conversations share transactions."""
    statements_for(calls.vendor)  # imported now, not with the first send
    return SharedTransactions(calls, "commit", alone=commit, together=commit_together, size=size_of)


def _named(
    database: BaseDatabaseWrapper, commit: Commit, refused: IntegrityError
) -> Exception | None:
    """Return the error of a refused commit, with the messages that exist; None if they cannot be
    read. The other commits are stored by now, and must get their results."""
    try:
        there = _existing(database, commit)
    except Error:
        return None
    return AlreadyExists(*there) if there else refused


def _existing(database: BaseDatabaseWrapper, commit: Commit) -> Sequence[str]:
    """Return the ids of the messages that a refused commit would create, but that exist."""
    messages = MessageRecord.objects.using(database.alias)
    created = messages.filter(id__in=[one.id for one in commit.created])
    return list(created.values_list("id", flat=True))


def _write(database: BaseDatabaseWrapper, commit: Commit) -> Conversation:
    at = now(database)
    after = committed(commit.after, commit.commit_id, at)
    messages = MessageRecord.objects.using(database.alias)
    _update_conversation(database, commit.before, after)
    messages.bulk_create(rows.message_record(stamped(message, at)) for message in commit.created)
    messages.bulk_create(
        [rows.message_record(stamped(message, at)) for message in commit.replaced],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=rows.MESSAGE_COLUMNS,
    )
    _put_earlier_texts(database, commit.earlier)
    reaction_rows.put(database, commit.reactions)
    _change_participants(database, commit.before, after)
    put_positions(database, after.id, commit.positions, at)
    attach(database, commit.attached)
    release(database, commit.released, at)
    return after


def _put_earlier_texts(database: BaseDatabaseWrapper, earlier: Mapping[str, EarlierTexts]) -> None:
    """Store the earlier texts of edited and deleted messages."""
    records = [
        MessageRecord(id=id_, earlier_texts=one.encoded or None) for id_, one in earlier.items()
    ]
    if records:
        MessageRecord.objects.using(database.alias).bulk_update(records, [rows.EARLIER_TEXTS])


def set_preferences(
    database: BaseDatabaseWrapper, conversation_id: str, user_id: str, changes: Mapping[str, Any]
) -> None:
    with atomic(using=database.alias):
        records = ConversationRecord.objects.using(database.alias).filter(id=conversation_id)
        record = records.select_for_update().first()
        if record is None:
            raise ConversationNotFound
        stored = dict(record.preferences)
        kept = stored.pop(user_id, {})
        own = replace(rows.preferences(kept) if kept else Preferences(), **changes)
        written = rows.preferences_json(own)
        if "notify" not in changes and "notify" in kept:
            written["notify"] = kept["notify"]
        if written != rows.preferences_json(Preferences()):
            stored[user_id] = written
        records.update(preferences=stored, revision=new_revision())
        _touch_position(database, conversation_id, user_id)


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
        records.update(blocked_by=sorted(blockers), revision=new_revision())


def _update_conversation(
    database: BaseDatabaseWrapper, before: Conversation, after: Conversation
) -> None:
    """Update the row. Raises Conflict if it has changed since it was read.

    This comes first in a commit: from here on the row is locked.
    """
    records = ConversationRecord.objects.using(database.alias)
    unchanged = records.filter(
        id=before.id, revision=cast("int", before.token), commit_id=before.commit_id
    )
    columns = rows.conversation_columns(after)
    # A later release may have stored values here that are read as defaults (`stored_enums`).
    del columns["kind"]
    for name in ("preferences", "posting", "history"):
        if getattr(after, name) == getattr(before, name):
            del columns[name]
    if not unchanged.update(revision=after.token, **columns):
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
        put_participants(database, after.id, joined, first_position=position)


def put_participants(
    database: BaseDatabaseWrapper,
    conversation_id: str,
    participants: Iterable[Participant],
    *,
    first_position: int = 0,
) -> None:
    found = rows.participant_rows(conversation_id, participants, first_position=first_position)
    insert_rows(database, ParticipantRecord, rows.PARTICIPANT_FIELDS, found)


def put_positions(
    database: BaseDatabaseWrapper,
    conversation_id: str,
    positions: Sequence[ReadPosition],
    at: datetime,
) -> None:
    updated_at = stored_time(database, at)
    found = rows.position_rows(conversation_id, positions, updated_at=updated_at)
    key = ("conversation_id", "user_id")
    insert_rows(database, ReadPositionRecord, rows.POSITION_FIELDS, found, key=key)


def _touch_position(database: BaseDatabaseWrapper, conversation_id: str, user_id: str) -> None:
    """Record that this person's own state has changed."""
    ReadPositionRecord.objects.using(database.alias).update_or_create(
        conversation_id=conversation_id,
        user_id=user_id,
        defaults={"updated_at": time_of_write(database)},
    )
