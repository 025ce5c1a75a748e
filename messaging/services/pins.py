"""Pinned messages: pin, unpin, list."""

from collections.abc import Sequence

from messaging.changes.messages.pinning import MAX_PINS, PinMessage
from messaging.domain.identifiers import require_conversation_id, require_message_id
from messaging.domain.message import Message
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import access_conversation, still_in
from messaging.services.rules.submission import submit


async def set_pinned(
    instance: Instance, *, user_id: str, conversation_id: str, message_id: str, pinned: bool
) -> Message:
    """Pin or unpin a message for everyone. Idempotent. In a group, this requires owner or admin.

    Raises InvalidRequest for too many pins, ConversationNotFound, NotAParticipant, MessageNotFound
    (also for a deleted message), PermissionDenied, Blocked, StoreUnavailable.
    """
    require_conversation_id(conversation_id)
    require_message_id(message_id)
    change = PinMessage(user_id=user_id, message_id=message_id, pinned=pinned)
    outcome = await submit(instance, conversation_id, change)
    assert outcome.message is not None
    return outcome.message


async def list_pins(instance: Instance, *, user_id: str, conversation_id: str) -> Sequence[Message]:
    """Return the pinned messages that a person may see, the latest pin first. Raises
    ConversationNotFound, NotAParticipant, StoreUnavailable."""
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    pinned = await instance.store.list_pinned_messages(conversation_id, limit=MAX_PINS)
    conversation = await still_in(instance, conversation, user_id, pinned)
    visible_from = conversation.participants[user_id].visible_from
    return [message for message in pinned if message.seq >= visible_from]
