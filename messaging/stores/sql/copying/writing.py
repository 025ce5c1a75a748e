"""Writes the conversations, reports and attachments of a copy, to SQL: each step in one
transaction."""

from collections.abc import Sequence
from typing import cast

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.domain.conversation import Conversation
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.exchange.records import FullMessage, FullReport
from messaging.models import (
    AttachmentRecord,
    ConversationRecord,
    EpochRecord,
    ParticipantRecord,
    ReactionRecord,
    ReportCopyRecord,
    ReportRecord,
)
from messaging.stores.conversations import Conflict
from messaging.stores.copying import Part
from messaging.stores.epochs import Epoch
from messaging.stores.exchange import AlreadyStored
from messaging.stores.sql import rows
from messaging.stores.sql.attachments import records as attachment_rows
from messaging.stores.sql.epochs import ONLY_ROW
from messaging.stores.sql.exchange.message_rows import insert_messages
from messaging.stores.sql.exchange.writing import copy_columns, insert_reactions, report_columns
from messaging.stores.sql.revisions import new_revision
from messaging.stores.sql.writes import put_participants


def adopt_epoch(database: BaseDatabaseWrapper, epoch: Epoch) -> None:
    EpochRecord.objects.using(database.alias).update_or_create(
        id=ONLY_ROW, defaults={"epoch": epoch.id, "number": epoch.number}
    )


def write_part(database: BaseDatabaseWrapper, part: Part) -> None:
    try:
        with atomic(using=database.alias):
            if part.after is None:
                _require_unchanged(database, part)
            else:
                _put_conversation(database, part, part.after)
            _put_messages(database, part.messages)
    except IntegrityError as error:
        raise AlreadyStored(f"one message of conversation {part.conversation_id}") from error


def _require_unchanged(database: BaseDatabaseWrapper, part: Part) -> None:
    """Require that the conversation is unchanged, until the end of the transaction."""
    assert part.before is not None
    records = ConversationRecord.objects.using(database.alias).select_for_update()
    unchanged = records.filter(
        id=part.conversation_id, revision=cast("int", part.before.token)
    ).values_list("id", flat=True)
    if not unchanged.first():
        raise Conflict


def _put_conversation(database: BaseDatabaseWrapper, part: Part, after: Conversation) -> None:
    columns, revision = rows.conversation_columns(after), new_revision()
    records = ConversationRecord.objects.using(database.alias)
    if part.before is None:
        if records.filter(id=after.id).exists():
            raise Conflict
        records.create(id=after.id, revision=revision, **columns)
    else:
        unchanged = records.filter(id=after.id, revision=cast("int", part.before.token))
        if not unchanged.update(revision=revision, **columns):
            raise Conflict
        if _people(part.before) == _people(after):
            return
        people = ParticipantRecord.objects.using(database.alias)
        people.filter(conversation_id=after.id).delete()
    put_participants(database, after.id, after.participants.values())


def _people(conversation: Conversation) -> list[object]:
    """Return the participants in their order."""
    return list(conversation.participants.values())


def _put_messages(database: BaseDatabaseWrapper, messages: Sequence[FullMessage]) -> None:
    """Create or replace messages, known or not: an earlier try may have had no answer."""
    if not messages:
        return
    insert_messages(database, messages, replace=True)
    ids = [one.message.id for one in messages]
    ReactionRecord.objects.using(database.alias).filter(message_id__in=ids).delete()
    insert_reactions(database, messages)
    write_files(database, [one for full in messages for one in full.files])


def write_report(database: BaseDatabaseWrapper, full: FullReport) -> None:
    alias, id_ = database.alias, full.report.id
    copies = ReportCopyRecord.objects.using(alias)
    with atomic(using=alias):
        ReportRecord.objects.using(alias).update_or_create(
            id=id_, defaults=report_columns(full.report)
        )
        if full.copy is None:
            copies.filter(report_id=id_).delete()
        else:
            copies.update_or_create(report_id=id_, defaults=copy_columns(full))
        write_files(database, full.files)


def write_files(database: BaseDatabaseWrapper, files: Sequence[StoredAttachment]) -> None:
    if not files:
        return
    found = {one.id: attachment_rows.columns(one) for one in files}
    AttachmentRecord.objects.using(database.alias).bulk_create(
        [AttachmentRecord(id=id_, **columns) for id_, columns in found.items()],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=list(next(iter(found.values()))),
    )
