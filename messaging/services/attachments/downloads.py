"""Downloads: signed URLs of the files of messages, for the people who may see these messages."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import is_stored_id
from messaging.files.content_types import THUMBNAIL_TYPE, served_as
from messaging.files.keys import stored_key, thumbnail_key
from messaging.files.lifetimes import DOWNLOAD_SECONDS, ends_after
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import access_conversation, read_conversation
from messaging.stores.attachments import SharedPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressedFile:
    attachment: StoredAttachment
    url: str
    thumbnail_url: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPage:
    files: Sequence[AddressedFile]
    next_cursor: str | None


async def address_files(
    instance: Instance, *, user_id: str, conversation_id: str, attachment_ids: Sequence[str]
) -> Sequence[AddressedFile]:
    """Return signed URLs of those of the files that this person may see now, in the order asked
    for.

    Whoever has a signed URL can use it for ten minutes, also without a token, and also after its
    person was removed. Raises ConversationNotFound, NotAParticipant, StoreUnavailable.
    """
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    wanted = [id_ for id_ in dict.fromkeys(attachment_ids) if is_stored_id(id_)]
    found = await instance.attachments.store.get(wanted) if wanted else {}
    attachments = [found[id_] for id_ in wanted if id_ in found]
    return await _addressed(instance, conversation, user_id, attachments)


async def list_files(
    instance: Instance, *, user_id: str, conversation_id: str, limit: int, cursor: str | None
) -> SharedPage:
    """Return a page of the files of this conversation's messages, newest first, each with a
    signed URL as in `address_files`. Raises the same errors, and InvalidRequest."""
    after = None if cursor is None else _decode_cursor(cursor)
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    found = await instance.attachments.store.list_shared(
        conversation_id,
        first_seq=conversation.participants[user_id].visible_from,
        limit=limit,
        after=after,
    )
    full = len(found) == limit
    return SharedPage(
        files=await _addressed(instance, conversation, user_id, found),
        next_cursor=_encode_cursor(found[-1]) if full else None,
    )


async def _addressed(
    instance: Instance,
    conversation: Conversation,
    user_id: str,
    attachments: Sequence[StoredAttachment],
) -> Sequence[AddressedFile]:
    if any((one.seq or 0) > conversation.seq for one in attachments):
        # The copy is older than a message: this person may have been removed meanwhile.
        conversation = await read_conversation(
            instance, user_id=user_id, conversation_id=conversation.id
        )
    first_seq = conversation.participants[user_id].visible_from
    visible = [one for one in attachments if _is_visible(one, conversation.id, first_seq)]
    expires_at = ends_after(DOWNLOAD_SECONDS)
    files = [
        (stored_key(one.id, one.part or ""), served_as(one.content_type, one.filename))
        for one in visible
    ]
    small = [one for one in visible if one.has_thumbnail]
    files += [
        (thumbnail_key(one.id, one.part or ""), served_as(THUMBNAIL_TYPE, "thumbnail.webp"))
        for one in small
    ]
    if not files:
        return []
    urls = await instance.attachments.storage.sign_downloads(files, expires_at=expires_at)
    thumbnails = {one.id: url for one, url in zip(small, urls[len(visible) :], strict=True)}
    return [
        AddressedFile(
            attachment=one, url=url, thumbnail_url=thumbnails.get(one.id), expires_at=expires_at
        )
        for one, url in zip(visible, urls[: len(visible)], strict=True)
    ]


def _is_visible(attachment: StoredAttachment, conversation_id: str, first_seq: int) -> bool:
    """Return whether it is part of a message that this person may see."""
    return (
        attachment.conversation_id == conversation_id
        and attachment.status is AttachmentStatus.READY
        and attachment.seq is not None
        and attachment.seq >= first_seq
    )


def _encode_cursor(attachment: StoredAttachment) -> str:
    place = json.dumps([attachment.seq, attachment.id])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _decode_cursor(cursor: str) -> SharedPlace:
    """Raises InvalidRequest."""
    try:
        seq, id_ = json.loads(base64.urlsafe_b64decode(cursor))
    except (ValueError, TypeError, RecursionError):
        seq = id_ = None
    if type(seq) is int and 0 <= seq < 2**53 and isinstance(id_, str) and is_stored_id(id_):
        return seq, id_
    raise InvalidRequest.of("cursor", "The cursor is not valid. Start without one.")
