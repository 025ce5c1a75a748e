"""Messages: send, edit, delete."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from messaging.changes.messages import DeleteMessage, EditMessage, SendMessage, unknown_reply_to
from messaging.changes.text_rules import normalise_newlines, require_client_id, require_text
from messaging.domain.identifiers import content_hash, derived_id, is_stored_id, random_id
from messaging.domain.message import Message
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import require_conversation_id, require_message_id
from messaging.services.rules.submission import submit

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    message: Message
    created: bool
    """False when this `client_id` was already sent: the message is the first one's."""


async def send_message(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    text: str,
    client_id: str | None = None,
    reply_to: str | None = None,
    mentions: Sequence[str] = (),
) -> SentMessage:
    """Store a message and show it to everybody in the conversation.

    With a `client_id` it may be sent again and again and is there once. Returns after the store
    has committed. Raises InvalidRequest, ConversationNotFound, NotAParticipant, ClientIdReused,
    Blocked, StoreUnavailable (then the message may be there; sending again with the `client_id`
    settles).
    """
    require_conversation_id(conversation_id)
    text = normalise_newlines(text)
    require_text(text)
    if client_id is not None:
        require_client_id(client_id)
    if reply_to is not None and not is_stored_id(reply_to):
        raise unknown_reply_to()
    mentions = tuple(dict.fromkeys(mentions))
    change = SendMessage(
        creates=derived_id("message", conversation_id, user_id, client_id)
        if client_id is not None
        else random_id(),
        conversation_id=conversation_id,
        sender_id=user_id,
        client_id=client_id,
        text=text,
        reply_to=reply_to,
        mentions=mentions,
        content_hash=content_hash(json.dumps([text, reply_to, sorted(mentions)])),
    )
    outcome = await submit(instance, conversation_id, change)
    assert outcome.message is not None
    instance.presence.acted(user_id)
    logger.debug("message.sent", message_id=outcome.message.id, seq=outcome.message.seq)
    return SentMessage(message=outcome.message, created=outcome.change is not None)


async def edit_message(
    instance: Instance, *, user_id: str, conversation_id: str, message_id: str, text: str
) -> Message:
    """Give one's own message another text.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, MessageNotFound (also once it
    is deleted), PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    text = normalise_newlines(text)
    require_text(text)
    change = EditMessage(user_id=user_id, message_id=message_id, text=text)
    outcome = await submit(instance, conversation_id, change)
    assert outcome.message is not None
    return outcome.message


async def delete_message(
    instance: Instance, *, user_id: str, conversation_id: str, message_id: str
) -> int:
    """Take a message's content away for everybody; its place stays. Deleting it again is fine.

    One's own, or as owner or admin anybody's. Members delete nothing in a frozen conversation,
    where it may be evidence. Returns the version of the tombstone. Raises ConversationNotFound,
    NotAParticipant, MessageNotFound, PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    change = DeleteMessage(user_id=user_id, message_id=message_id)
    outcome = await submit(instance, conversation_id, change)
    assert outcome.message is not None
    return outcome.message.version
