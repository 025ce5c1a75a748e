"""Messages: send, edit, delete."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from messaging.changes.messages import DeleteMessage, EditMessage, SendMessage, unknown_reply_to
from messaging.changes.text_rules import normalise_newlines, require_client_id, require_text
from messaging.domain.identifiers import (
    content_hash,
    derived_id,
    is_stored_id,
    random_id,
    require_conversation_id,
    require_message_id,
)
from messaging.domain.message import Message
from messaging.runtime.instance import Instance
from messaging.services.rules.submission import submit

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    message: Message
    created: bool
    """False if this `client_id` was already sent: the message is that of the first request."""


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
    """Store a message and deliver it to everyone in the conversation.

    A message with a `client_id` may be sent repeatedly, and exists once. Returns after the store
    has committed. Raises InvalidRequest, ConversationNotFound, NotAParticipant, ClientIdReused,
    Blocked, StoreUnavailable (then the message may exist; a retry with the `client_id` settles it).
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
    """Edit the text of a person's own message.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, MessageNotFound (also for a
    deleted message), PermissionDenied, StoreUnavailable.
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
    """Delete a message's content for everyone; a tombstone remains. Idempotent.

    People may delete their own messages; owner and admins may delete any. In a frozen conversation
    members delete nothing, because it may be evidence. Returns the version of the tombstone. Raises
    ConversationNotFound, NotAParticipant, MessageNotFound, PermissionDenied, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    change = DeleteMessage(user_id=user_id, message_id=message_id)
    outcome = await submit(instance, conversation_id, change)
    assert outcome.message is not None
    return outcome.message.version
