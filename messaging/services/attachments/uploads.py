"""Uploads: a person announces a file, uploads it to a signed URL, and completes it."""

from dataclasses import dataclass

import structlog
from django.conf import settings

from messaging.changes.rights import require_posting, require_unblocked, require_unfrozen
from messaging.changes.text_rules import require_line
from messaging.domain.change import COMMIT_TIME
from messaging.domain.exceptions import InvalidRequest, NotFound
from messaging.domain.files.stored_attachment import (
    UNSENT_LIFETIME,
    AttachmentStatus,
    StoredAttachment,
)
from messaging.domain.identifiers import is_stored_id, random_id
from messaging.domain.limits import get_limits
from messaging.files.content_types import DEFAULT_TYPES
from messaging.files.keys import staging_key
from messaging.files.lifetimes import UPLOAD_SECONDS, ends_after
from messaging.files.storage import Upload
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import access_conversation

logger = structlog.get_logger(__name__)

_SEPARATORS = frozenset("/\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    attachment: StoredAttachment
    upload: Upload


async def announce(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    filename: str,
    content_type: str,
    size: int,
) -> Announced:
    """Announce a file for a message in this conversation, and return where to upload it.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, Blocked, PermissionDenied,
    PostingRestricted, StoreUnavailable.
    """
    content_type = content_type.lower()
    _require_acceptable(filename, content_type, size)
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    require_unblocked(conversation)
    require_unfrozen(conversation, user_id)
    require_posting(conversation, user_id)
    id_ = random_id()
    # First the signed URL: an announced file that nobody can upload would only wait for the sweep.
    upload = await instance.attachments.storage.sign_upload(
        staging_key(id_), content_type=content_type, size=size
    )
    stored = await instance.attachments.store.create(
        StoredAttachment(
            id=id_,
            conversation_id=conversation_id,
            owner_id=user_id,
            filename=filename,
            content_type=content_type,
            size=size,
            created_at=COMMIT_TIME,
            sweep_at=ends_after(int(UNSENT_LIFETIME.total_seconds()) + UPLOAD_SECONDS),
        )
    )
    logger.info("attachment.announced", attachment_id=id_, bytes=size, content_type=content_type)
    return Announced(attachment=stored, upload=upload)


async def complete(instance: Instance, *, user_id: str, attachment_id: str) -> StoredAttachment:
    """Check the uploaded file, and return the attachment once it is ready. Idempotent.

    Only the person who announced it may do this. Raises NotFound, NotUploaded, InvalidRequest,
    Overloaded, StoreUnavailable.
    """
    if not is_stored_id(attachment_id):
        raise NotFound
    attachments = instance.attachments
    found = (await attachments.store.get([attachment_id])).get(attachment_id)
    if found is None or found.owner_id != user_id or found.status is AttachmentStatus.DELETED:
        raise NotFound
    if found.status is AttachmentStatus.READY:
        return found
    ready = await attachments.completions.complete(found)
    logger.info("attachment.ready", attachment_id=attachment_id, bytes=ready.size)
    return ready


def _require_acceptable(filename: str, content_type: str, size: int) -> None:
    """Require a harmless name, an allowed type and an allowed size. Raises InvalidRequest."""
    limits = get_limits()
    require_line("filename", filename, most=limits.filename_characters)
    if _SEPARATORS & set(filename) or filename in {".", ".."}:
        detail = "The filename must not be a path. Send the last part of it."
        raise InvalidRequest.of("filename", detail, "invalid_characters")
    if content_type not in (settings.CHAT_FILES_TYPES or DEFAULT_TYPES):
        detail = "Files of this type cannot be attached. Use one of the allowed types."
        raise InvalidRequest.of("content_type", detail, "not_allowed")
    if not 1 <= size <= limits.attachment_bytes:
        detail = f"A file has 1 to {limits.attachment_bytes} bytes."
        raise InvalidRequest.of("size", detail, "max_value" if size > 1 else "min_value")
