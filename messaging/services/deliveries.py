"""Deliveries: who got a message, how, or why not."""

from collections.abc import Sequence

from messaging.entities import Role
from messaging.exceptions import MessageNotFound
from messaging.instance import get_instance
from messaging.services.access import read_conversation, require_message_id, require_role
from messaging.services.outcomes import PersonDelivery, list_deliveries


async def get_delivery(
    *, user_id: str, conversation_id: str, message_id: str
) -> Sequence[PersonDelivery]:
    """Of every participant but the sender; for the sender, and the owner and admins of a group.

    Raises ConversationNotFound, NotAParticipant, MessageNotFound, PermissionDenied,
    StoreUnavailable.
    """
    require_message_id(message_id)
    conversation = await read_conversation(user_id=user_id, conversation_id=conversation_id)
    instance = get_instance()
    found = await instance.store.get_messages(conversation_id, [message_id])
    if message_id not in found:
        raise MessageNotFound
    message = found[message_id]
    if message.sender_id != user_id:
        require_role(conversation, user_id, Role.ADMIN)
    return await list_deliveries(conversation, message)
