"""Messages by a service account: send into any conversation, delete, and read earlier texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from messaging.changes.interventions import RedactMessage
from messaging.changes.messages.service_messages import (
    SendServiceMessage,
    SendSystemMessage,
    require_system_message,
)
from messaging.changes.metadata_rules import require_metadata
from messaging.domain.exceptions import ConversationNotFound, MessageNotFound
from messaging.domain.fields.earlier_texts import EarlierText
from messaging.domain.identifiers import require_conversation_id, require_message_id
from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.message import MessageKind
from messaging.runtime.instance import Instance
from messaging.services import messages
from messaging.services.messages import SentMessage
from messaging.services.rules.submission import submit

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The texts of a message, the oldest first. The last is the present one."""

    items: Sequence[EarlierText]


async def send_message(
    instance: Instance,
    *,
    service: ServiceCaller,
    conversation_id: str,
    text: str = "",
    kind: MessageKind = MessageKind.TEXT,
    client_id: str | None = None,
    reply_to: str | None = None,
    mentions: Sequence[str] = (),
    metadata: str | None = None,
    mentions_all: bool = False,
    attachments: Sequence[str] = (),
) -> SentMessage:
    """Send a text or a system message into a conversation in which the service need not be.

    Blocks between two people hold; a freeze and `posting` do not. Raises ScopeMissing, and the
    errors of `messages.send_message` except NotAParticipant and PostingRestricted.
    """
    service.require(Scope.SEND)
    if kind is MessageKind.SYSTEM:
        metadata = None if metadata is None else require_metadata(metadata)
        require_system_message(
            metadata,
            reply_to=reply_to,
            mentions=mentions,
            mentions_all=mentions_all,
            attachments=attachments,
        )
    return await messages.send_message(
        instance,
        user_id=service.user_id,
        conversation_id=conversation_id,
        text=text,
        client_id=client_id,
        reply_to=reply_to,
        mentions=mentions,
        metadata=metadata,
        mentions_all=mentions_all,
        attachments=attachments,
        by_service=True,
        change_class=SendSystemMessage if kind is MessageKind.SYSTEM else SendServiceMessage,
    )


async def delete_message(
    instance: Instance, *, service: ServiceCaller, conversation_id: str, message_id: str
) -> int:
    """Delete a message's content for everyone; a tombstone remains. Idempotent.

    With the scope `send` a service deletes its own messages; with `manage` any, system messages
    included. Returns the version of the tombstone. Raises ScopeMissing, ConversationNotFound,
    MessageNotFound, PermissionDenied, StoreUnavailable.
    """
    service.require(Scope.SEND, Scope.MANAGE)
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    sent_by = None if Scope.MANAGE in service.scopes else service.user_id
    change = RedactMessage(by=service.user_id, message_id=message_id, sent_by=sent_by)
    outcome = await submit(instance, conversation_id, change)
    if outcome.released:
        instance.attachments.sweep.wake()
    assert outcome.message is not None
    return outcome.message.version


async def list_versions(
    instance: Instance, *, service: ServiceCaller, conversation_id: str, message_id: str
) -> Versions:
    """Return the texts of a message, with when each was written. A deleted message has none.

    Raises ScopeMissing, ConversationNotFound, MessageNotFound, StoreUnavailable.
    """
    service.require(Scope.MANAGE)
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    found = await instance.store.get_edited(conversation_id, [message_id])
    if message_id not in found:
        if await instance.store.get_conversation(conversation_id) is None:
            raise ConversationNotFound
        raise MessageNotFound
    message, earlier = found[message_id]
    logger.info("message.versions_read", message_id=message_id)
    if message.deleted_at is not None:
        return Versions(items=())
    written_at = message.edited_at or message.created_at
    present = EarlierText(text=message.text or "", written_at=written_at)
    return Versions(items=(*earlier.texts(), present))
