"""Attachments of a message that is sent: which may be used, and what they become."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from messaging.domain.exceptions import MAX_ERRORS, FieldError, InvalidRequest
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.limits import get_limits
from messaging.domain.message import Attachment

ATTACHMENT_BYTES = 2_000
"""The approximate bytes that an attachment adds to a commit: its entry in the message and in the
conversation, and its own mark."""


def require_few_attachments(attachment_ids: Sequence[str]) -> None:
    """Require no more attachments than a message may have. Raises InvalidRequest."""
    most = get_limits().attachments
    if len(attachment_ids) > most:
        detail = f"A message has at most {most} attachments. Send several messages."
        raise InvalidRequest.of("attachments", detail, "max_length")


def attached(
    found: Mapping[str, StoredAttachment],
    attachment_ids: Sequence[str],
    *,
    conversation_id: str,
    user_id: str,
    message_id: str,
    seq: int,
) -> tuple[StoredAttachment, ...]:
    """Return the attachments as parts of this message. Each must be this person's own, of this
    conversation, ready and unused. Raises InvalidRequest, which names the others."""
    wrong = [
        FieldError(f"attachments.{index}", *problem)
        for index, id_ in enumerate(attachment_ids)
        if (problem := _problem(found.get(id_), conversation_id, user_id)) is not None
    ]
    if wrong:
        raise InvalidRequest(*wrong[:MAX_ERRORS])
    return tuple(replace(found[id_], message_id=message_id, seq=seq) for id_ in attachment_ids)


def _problem(
    attachment: StoredAttachment | None, conversation_id: str, user_id: str
) -> tuple[str, str] | None:
    """Return code and detail of what is wrong. Attachments of others do not exist for a person."""
    if (
        attachment is None
        or attachment.owner_id != user_id
        or attachment.conversation_id != conversation_id
        or attachment.status is AttachmentStatus.DELETED
    ):
        return "does_not_exist", "You have no such attachment in this conversation."
    if attachment.status is not AttachmentStatus.READY:
        return "not_ready", "The attachment is not complete. Complete it first."
    if attachment.message_id is not None:
        return "already_used", "The attachment is part of another message. Upload the file again."
    return None


def shown(attachment: StoredAttachment) -> Attachment:
    """Return what a message shows of its attachment."""
    return Attachment(
        id=attachment.id,
        filename=attachment.filename,
        content_type=attachment.content_type,
        size=attachment.size,
        width=attachment.width,
        height=attachment.height,
        has_thumbnail=attachment.has_thumbnail,
    )
