"""Converts the rows of attachments, and writes them in the commit of a message."""

from collections.abc import Sequence
from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.fields.codec import ATTRIBUTE, reader, stamper, writer
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.models import AttachmentRecord
from messaging.stores.conversations import Conflict
from messaging.stores.sql.rows import READ, WRITTEN

columns = writer(StoredAttachment, WRITTEN, without=("id", "token"))
attachment = reader(StoredAttachment, READ, source=ATTRIBUTE, without=("token",))
"""Returns the attachment of a row."""
stamped = stamper(StoredAttachment)


def attach(database: BaseDatabaseWrapper, attached: Sequence[StoredAttachment]) -> None:
    """Mark the attachments of new messages. Raises Conflict if one is not ready any more, or was
    sent in another message."""
    records = AttachmentRecord.objects.using(database.alias)
    for one in attached:
        usable = records.filter(
            id=one.id, status=AttachmentStatus.READY.value, message_id__isnull=True
        )
        if not usable.update(message_id=one.message_id, seq=one.seq):
            raise Conflict


def release(database: BaseDatabaseWrapper, released: Sequence[str], at: datetime) -> None:
    """Mark the attachments of deleted messages, whose files the sweep then removes."""
    if released:
        records = AttachmentRecord.objects.using(database.alias)
        records.filter(id__in=released).update(
            status=AttachmentStatus.DELETED.value, seq=None, sweep_at=at
        )


def unchanged(before: StoredAttachment) -> dict[str, object]:
    """Return the condition that the row is still as it was read. Nothing else changes in a row
    with the same of these."""
    return {
        "id": before.id,
        "status": before.status.value,
        "message_id": before.message_id,
        "part": before.part,
        "sweep_at": before.sweep_at,
    }
