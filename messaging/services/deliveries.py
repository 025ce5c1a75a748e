"""Deliveries: who received a message, how, or why not."""

from collections.abc import Sequence

from messaging.changes.messages.changed import require_visible
from messaging.changes.rights import require_role
from messaging.domain.identifiers import require_message_id
from messaging.domain.participant import ReadPosition, Role
from messaging.runtime.instance import Instance
from messaging.services.operators.delivery_outcomes import (
    PersonDelivery,
    PushVerdict,
    list_deliveries,
)
from messaging.services.rules.rights import read_conversation
from messaging.services.rules.visibility import private_readers, shows_receipts


async def get_delivery(
    instance: Instance, *, user_id: str, conversation_id: str, message_id: str
) -> Sequence[PersonDelivery]:
    """Return the delivery of a message to every participant except the sender. This is for the
    sender, and the owner and admins of a group.

    Only operators see why, when and on which device another person was notified or not. Other
    people see how far the message has come. If one of two people blocks the other, they see
    nothing. For a person with `private_reading` they do not see that it was read: the verdict is
    then the same as for an undecided message.

    Raises ConversationNotFound, NotAParticipant, MessageNotFound, PermissionDenied,
    StoreUnavailable.
    """
    require_message_id(message_id)
    conversation = await read_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    found = await instance.store.get_messages(conversation_id, [message_id])
    message = require_visible(conversation, user_id, found, message_id)
    if message.sender_id != user_id:
        require_role(conversation, user_id, Role.ADMIN)
    deliveries = await list_deliveries(instance, conversation, message)
    read = [
        ReadPosition(user_id=one.user_id, read_seq=message.seq)
        for one in deliveries
        if one.tells_reading
    ]
    private = await private_readers(instance, read, besides=user_id)
    return [
        one
        if one.user_id == user_id
        else _shown(one, hidden=not shows_receipts(conversation), private=one.user_id in private)
        for one in deliveries
    ]


async def get_own_delivery(
    instance: Instance, *, user_id: str, conversation_id: str, message_id: str
) -> PersonDelivery | None:
    """Return the delivery of a message to the person who asks: whether their devices got a push for
    it, and why. Return None for the sender, who gets none. The cost does not depend on how many
    others there are.

    Raises ConversationNotFound, NotAParticipant, MessageNotFound, StoreUnavailable.
    """
    require_message_id(message_id)
    conversation = await read_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    found = await instance.store.get_messages(conversation_id, [message_id])
    message = require_visible(conversation, user_id, found, message_id)
    if message.sender_id == user_id:
        return None
    deliveries = await list_deliveries(instance, conversation, message, only=user_id)
    return next(iter(deliveries), None)


def _shown(one: PersonDelivery, *, hidden: bool, private: bool) -> PersonDelivery:
    """Return a person's delivery as others may see it."""
    undecided = hidden or (private and one.verdict is PushVerdict.DROPPED)
    return PersonDelivery(
        user_id=one.user_id,
        delivered=one.delivered and not hidden,
        read=one.read and not hidden and not private,
        verdict=PushVerdict.PENDING if undecided else one.verdict,
    )
