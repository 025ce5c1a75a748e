"""Writes what a load holds, to SQL: each step in one transaction."""

from collections.abc import Sequence
from typing import Any, cast

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Max
from django.db.transaction import atomic

from messaging.domain.conversation import Conversation
from messaging.domain.fields.plain import attachments_data
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.identifiers import random_id
from messaging.domain.participant import ReadPosition
from messaging.domain.reports import Report
from messaging.exchange.records import FullMessage, FullReport, Person
from messaging.models import (
    AttachmentRecord,
    ConversationRecord,
    DeviceRecord,
    MessageRecord,
    ParticipantRecord,
    PersonRecord,
    ReactionRecord,
    RecipientRecord,
    ReportCopyRecord,
    ReportRecord,
)
from messaging.stores.exchange import AlreadyStored, Begun, is_shell, shell_id, shell_of
from messaging.stores.sql import reads, rows
from messaging.stores.sql.attachments import records as attachment_rows
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.exchange.message_rows import insert_messages
from messaging.stores.sql.recipients import device_columns, settings_json
from messaging.stores.sql.revisions import committed, new_revision
from messaging.stores.sql.writes import put_participants, put_positions


def put_person(database: BaseDatabaseWrapper, person: Person) -> bool:
    alias, user_id = database.alias, person.user_id
    people, settings = PersonRecord.objects.using(alias), RecipientRecord.objects.using(alias)
    with atomic(using=alias):
        known = (people, settings, DeviceRecord.objects.using(alias))
        if any(records.filter(user_id=user_id).exists() for records in known):
            return False
        access = person.valid_after is not None or person.banned_until is not None
        changed_at = now(database) if access else None
        people.create(user_id=user_id, access_changed_at=changed_at, **person_columns(person))
        settings.create(user_id=user_id, settings=settings_of(person))
        DeviceRecord.objects.using(alias).bulk_create(
            [
                DeviceRecord(user_id=user_id, device_id=device.id, **device_columns(device))
                for device in person.devices
            ],
            ignore_conflicts=True,  # a token that another person has registered since is theirs
        )
    return True


def person_columns(person: Person) -> dict[str, Any]:
    """Return the columns of a person's own row, except the id and the time of the latest change of
    the access."""
    return {
        "name": person.name,
        "picture": person.picture,
        "valid_after": person.valid_after,
        "banned_until": person.banned_until,
        "blocked": list(person.blocked),
        "left_groups": {id_: at.isoformat() for id_, at in person.left.items()},
        "private_reading": person.settings.private_reading,
        "added_by": person.settings.added_by,
    }


def settings_of(person: Person) -> dict[str, Any]:
    """Return the settings that are in a row of their own."""
    own = person.settings
    return settings_json({"quiet_hours": own.quiet_hours, "push_text": own.push_text})


def begin(database: BaseDatabaseWrapper, conversation: Conversation, load_id: str) -> Begun:
    mark = shell_id(load_id, conversation.id)
    with atomic(using=database.alias):
        records = ConversationRecord.objects.using(database.alias)
        if not records.filter(id=conversation.id).exists():
            stored = committed(shell_of(conversation, mark), mark, now(database))
            revision = cast("int", stored.token)
            records.create(id=stored.id, revision=revision, **rows.conversation_columns(stored))
        messages = MessageRecord.objects.using(database.alias)
        last = messages.filter(conversation_id=conversation.id).aggregate(last=Max("seq"))["last"]
        found = _read(database, conversation.id)
        if last is None and is_shell(found) and found.commit_id != mark:
            others = records.filter(id=conversation.id, commit_id=found.commit_id)
            others.update(commit_id=mark, revision=new_revision())
            found = _read(database, conversation.id)
    return Begun(conversation=found, loading=found.commit_id == mark, last_seq=last or 0)


def _read(database: BaseDatabaseWrapper, conversation_id: str) -> Conversation:
    found = reads.get_conversation(database, conversation_id)
    assert found is not None
    return found


def add_messages(
    database: BaseDatabaseWrapper, begun: Begun, messages: Sequence[FullMessage]
) -> None:
    alias = database.alias
    try:
        with atomic(using=alias):
            _require_shell(database, begun)
            insert_messages(database, messages)
            insert_reactions(database, messages)
            _put_files(database, [one for full in messages for one in full.files])
    except IntegrityError as error:
        ids = [full.message.id for full in messages]
        there = MessageRecord.objects.using(alias).filter(id__in=ids)
        named = there.values_list("id", flat=True).first()
        raise AlreadyStored(f"message {named}" if named else "one of its records") from error


def insert_reactions(database: BaseDatabaseWrapper, messages: Sequence[FullMessage]) -> None:
    ReactionRecord.objects.using(database.alias).bulk_create(
        ReactionRecord(
            message_id=one.message_id, user_id=one.user_id, emoji=emoji, position=position
        )
        for full in messages
        for one in full.reactions
        for position, emoji in enumerate(one.emojis)
    )


def positions(
    database: BaseDatabaseWrapper, conversation_id: str, found: Sequence[ReadPosition]
) -> None:
    with atomic(using=database.alias):
        put_positions(database, conversation_id, found, now(database))


def complete(database: BaseDatabaseWrapper, begun: Begun, conversation: Conversation) -> None:
    with atomic(using=database.alias):
        _require_shell(database, begun)
        stored = committed(conversation, random_id(), now(database))
        columns = rows.conversation_columns(stored)
        records = ConversationRecord.objects.using(database.alias).filter(id=stored.id)
        records.update(revision=cast("int", stored.token), **columns)
        people = ParticipantRecord.objects.using(database.alias)
        people.filter(conversation_id=stored.id).delete()
        put_participants(database, stored.id, stored.participants.values())


def delete_shell(database: BaseDatabaseWrapper, shell: Conversation) -> bool:
    records = ConversationRecord.objects.using(database.alias)
    deleted, _ = records.filter(
        id=shell.id, version=0, commit_id=shell.commit_id, revision=cast("int", shell.token)
    ).delete()
    return deleted > 0


def put_report(database: BaseDatabaseWrapper, full: FullReport) -> bool:
    alias, report = database.alias, full.report
    with atomic(using=alias):
        records = ReportRecord.objects.using(alias)
        if records.filter(id=report.id).exists():
            return False
        records.create(id=report.id, **report_columns(report))
        if full.copy is not None:
            ReportCopyRecord.objects.using(alias).create(report_id=report.id, **copy_columns(full))
        _put_files(database, full.files)
    return True


def report_columns(report: Report) -> dict[str, Any]:
    return {
        "conversation_id": report.conversation_id,
        "message_id": report.message_id,
        "author_id": report.author_id,
        "reporter_id": report.reporter_id,
        "reason": report.reason,
        "created_at": report.created_at,
        "status": report.status.value,
        "closed_at": report.closed_at,
        "closed_by": report.closed_by,
    }


def copy_columns(full: FullReport) -> dict[str, Any]:
    """Return the columns of a report's copy, which must be there."""
    assert full.copy is not None
    return {
        "message_id": full.report.message_id,
        "text": full.copy.text,
        "attachments": attachments_data(full.copy.attachments) or None,
        "expires_at": full.copy_expires_at,
    }


def _require_shell(database: BaseDatabaseWrapper, begun: Begun) -> None:
    """Require that the conversation is still the shell, until the end of the transaction."""
    records = ConversationRecord.objects.using(database.alias).select_for_update()
    shell = records.filter(id=begun.conversation.id, commit_id=begun.conversation.commit_id)
    if not shell.values_list("id", flat=True).first():
        raise AlreadyStored(f"conversation {begun.conversation.id}")


def _put_files(database: BaseDatabaseWrapper, files: Sequence[StoredAttachment]) -> None:
    """Store the attachments that are not stored. Raises AlreadyStored for one of another
    conversation."""
    if not files:
        return
    records = AttachmentRecord.objects.using(database.alias)
    there = records.in_bulk([one.id for one in files])
    for one in files:
        record = there.get(one.id)
        if record is not None and record.conversation_id != one.conversation_id:
            raise AlreadyStored(f"attachment {one.id}")
    records.bulk_create(
        AttachmentRecord(id=one.id, **attachment_rows.columns(one))
        for one in files
        if one.id not in there
    )
