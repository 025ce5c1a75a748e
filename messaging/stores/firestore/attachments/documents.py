"""The document of an attachment.

A document without `seq` is in no list, and one without `sweep_at` is not due: a missing field is in
no index.
"""

from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.fields.codec import reader, writer
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.stores.firestore.client.requests import Database, Writes
from messaging.stores.firestore.documents import id_of
from messaging.stores.firestore.documents.conversions import READ, WRITTEN, Fields
from messaging.stores.firestore.values import ABSENT, read_token

_OWN = ("id", "token")
_ABSENT_IF_NONE = ("seq", "sweep_at")
_encode = writer(StoredAttachment, WRITTEN, without=_OWN)
_decode = reader(StoredAttachment, READ, given=_OWN, absent=ABSENT)


def attachment_name(database: Database, attachment_id: str) -> str:
    return database.document("attachments", attachment_id)


def encode_attachment(attachment: StoredAttachment) -> Fields:
    fields: Fields = _encode(attachment)
    for name in _ABSENT_IF_NONE:
        if fields[name] is None:
            del fields[name]
    return fields


def decode_attachment(document: Any) -> StoredAttachment:
    attachment: StoredAttachment = _decode(
        document.fields, id_of(document), read_token(document.update_time)
    )
    return attachment


def attach(writes: Writes, database: Database, attachment: StoredAttachment) -> None:
    """Mark an attachment of a new message. The commit fails if it has changed since it was read."""
    name = attachment_name(database, attachment.id)
    fields = {"message_id": attachment.message_id, "seq": attachment.seq}
    writes.update(name, fields, [*fields], token=token_of(attachment))


def release(writes: Writes, database: Database, attachment_id: str, conversation_id: str) -> None:
    """Mark an attachment of a deleted message, whose file the sweep then removes."""
    fields = {
        "conversation_id": conversation_id,
        "status": AttachmentStatus.DELETED.value,
        "sweep_at": COMMIT_TIME,
    }
    mask = ["conversation_id", "status", "seq"]  # a path without a value is removed
    writes.put(attachment_name(database, attachment_id), fields, mask)


def token_of(attachment: StoredAttachment) -> int:
    """Return the token of an attachment that was read. One that was read from SQL, before the store
    was moved, has none, and counts as changed."""
    return attachment.token if isinstance(attachment.token, int) else 0
