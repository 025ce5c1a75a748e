"""Who is to be notified of a message. Pure: no input or output."""

from collections.abc import Sequence
from datetime import datetime

from messaging.entities import Conversation, Message, Notify, Preferences

_DEFAULT = Preferences()


def candidates(conversation: Conversation, message: Message, now: datetime) -> Sequence[str]:
    """The participants who want to know of this message when they are not there: not its sender,
    nobody who muted the conversation, and with `mentions` only who is mentioned."""
    return [
        user_id
        for user_id in conversation.participants
        if user_id != message.sender_id
        and _wants(conversation.preferences.get(user_id, _DEFAULT), user_id, message, now)
    ]


def _wants(preferences: Preferences, user_id: str, message: Message, now: datetime) -> bool:
    if preferences.muted_until is not None and preferences.muted_until > now:
        return False
    match preferences.notify:
        case Notify.ALL:
            return True
        case Notify.MENTIONS:
            return user_id in message.mentions
        case Notify.NONE:
            return False
