"""Messages: send, edit, delete."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from messaging.changes.attachments import require_few_attachments
from messaging.changes.messages.deleting import DeleteMessage
from messaging.changes.messages.editing import EditMessage
from messaging.changes.messages.sending import SendMessage, unknown_reply_to
from messaging.changes.metadata_rules import canonical, require_metadata
from messaging.changes.text_rules import normalise_newlines, require_client_id, require_text
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.identifiers import (
    content_hash,
    derived_id,
    is_stored_id,
    random_id,
    require_conversation_id,
    require_message_id,
)
from messaging.domain.message import Message, MessageKind
from messaging.runtime.instance import Instance
from messaging.services.rules.moderated_messages import (
    submit_moderated_edit,
    submit_moderated_send,
)
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
    metadata: str | None = None,
    mentions_all: bool = False,
    attachments: Sequence[str] = (),
    by_service: bool = False,
    change_class: type[SendMessage] = SendMessage,
) -> SentMessage:
    """Store a message and deliver it to everyone in the conversation.

    A message with a `client_id` may be sent repeatedly, and exists once. Returns after the store
    has committed. `metadata` is a JSON object as text. Only an owner or admin mentions everyone.
    `by_service`: a service account acts; the person is not active. `change_class` has the rights.
    Raises InvalidRequest, ConversationNotFound, NotAParticipant, PermissionDenied, ClientIdReused,
    Blocked, RefusedByModeration, StoreUnavailable (then the message may exist; a retry with the
    `client_id` settles it).
    """
    require_conversation_id(conversation_id)
    text = normalise_newlines(text)
    attachments = tuple(dict.fromkeys(attachments))
    if text or not (attachments or change_class.kind is MessageKind.SYSTEM):
        require_text(text)
    if attachments:
        require_few_attachments(attachments)
    if client_id is not None:
        require_client_id(client_id)
    if reply_to is not None and not is_stored_id(reply_to):
        raise unknown_reply_to()
    mentions = tuple(dict.fromkeys(mentions))
    others: dict[str, object] = {"mentions_all": mentions_all, "attachments": attachments}
    if metadata is not None:
        metadata = require_metadata(metadata)
        others["metadata"] = canonical(metadata)
    if change_class.kind is not MessageKind.TEXT:
        others["kind"] = change_class.kind
    change = change_class(
        creates=derived_id("message", conversation_id, user_id, client_id)
        if client_id is not None
        else random_id(),
        conversation_id=conversation_id,
        sender_id=user_id,
        client_id=client_id,
        text=text,
        reply_to=reply_to,
        mentions=mentions,
        content_hash=_content_hash(text, reply_to, mentions, others),
        attachment_ids=attachments,
        metadata=metadata,
        mentions_all=mentions_all,
    )
    if instance.moderation.active:
        outcome = await submit_moderated_send(instance, conversation_id, change)
    else:
        outcome = await submit(instance, conversation_id, change)
    assert outcome.message is not None
    if not by_service:
        instance.presence.acted(user_id)
    logger.debug("message.sent", message_id=outcome.message.id, seq=outcome.message.seq)
    return SentMessage(message=outcome.message, created=outcome.change is not None)


async def edit_message(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    message_id: str,
    changes: Mapping[str, str | None],
) -> Message:
    """Change the `text` or the `metadata` of a person's own message; at least one is given.

    Raises InvalidRequest, ConversationNotFound, NotAParticipant, MessageNotFound (also for a
    deleted message), PermissionDenied, RefusedByModeration, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    change = EditMessage(user_id=user_id, message_id=message_id, changes=_require_edit(changes))
    if instance.moderation.active:
        outcome = await submit_moderated_edit(instance, conversation_id, change)
    else:
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
    if outcome.released:
        instance.attachments.sweep.wake()
    assert outcome.message is not None
    return outcome.message.version


def _require_edit(changes: Mapping[str, str | None]) -> Mapping[str, str | None]:
    """Return the changes as they are stored. Raises InvalidRequest."""
    if not changes:
        raise InvalidRequest.of("text", "Send a text or metadata to change.", "required")
    stored = dict(changes)
    if "text" in changes:
        stored["text"] = text = normalise_newlines(changes["text"] or "")
        if text:
            require_text(text)  # the change decides whether it may be empty
    metadata = changes.get("metadata")
    if metadata is not None:
        stored["metadata"] = require_metadata(metadata)
    return stored


def _content_hash(
    text: str, reply_to: str | None, mentions: Sequence[str], others: Mapping[str, object]
) -> str:
    """Return the digest of a request's content. The others change it only if they are given."""
    content: list[object] = [text, reply_to, sorted(mentions)]
    given = {name: value for name, value in others.items() if value}
    if given:
        content.append(given)
    return content_hash(json.dumps(content))
