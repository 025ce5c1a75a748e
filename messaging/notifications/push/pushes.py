"""Pushes: which notification a device shows, and which one replaces or removes it.

The tag of a notification is the id of its conversation: a device shows one for each conversation,
and a later message replaces an earlier one. `fcm` says the tag as each platform wants it.
"""

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.recipients import Device, Recipient
from messaging.notifications.content import content_of
from messaging.notifications.options import get_options
from messaging.notifications.push.protocol import Push


def message_push(
    conversation: Conversation,
    message: Message,
    recipient: Recipient,
    device: Device,
    *,
    sender: str,
    badge: int | None,
    quiet: bool = False,
) -> Push:
    """Return the push that shows a message on one device. `sender` is the name to show."""
    content = content_of(
        conversation, message, sender=sender, show_text=recipient.settings.push_text
    )
    return Push(
        user_id=recipient.user_id,
        device=device,
        tag=conversation.id,
        title=content.title,
        body=content.body,
        badge=badge,
        link=get_options().link.replace("{conversation_id}", conversation.id) or None,
        quiet=quiet,
        data={
            "type": "message",
            "conversation_id": conversation.id,
            "message_id": message.id,
            "seq": str(message.seq),
            "sender_id": message.sender_id,
            "tag": conversation.id,
        },
    )


def clear_push(
    conversation_id: str, user_id: str, device: Device, *, read_seq: int, badge: int | None
) -> Push:
    """Return the push that removes a conversation's notification, up to `read_seq`."""
    data = {
        "type": "clear",
        "conversation_id": conversation_id,
        "tag": conversation_id,
        "read_seq": str(read_seq),
    }
    if badge is not None:
        data["badge"] = str(badge)
    return Push(user_id=user_id, device=device, tag=conversation_id, data=data)
