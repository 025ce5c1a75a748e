"""The messages that one participant may see: under `history: since_joining`, those sent since they
joined."""

from messaging.domain.conversation import Conversation, ListedConversation
from messaging.domain.message import Message


def visible_from(conversation: Conversation | ListedConversation, user_id: str) -> int:
    """Return the number of the first message that a participant may see."""
    if isinstance(conversation, ListedConversation):
        return conversation.own.visible_from
    return conversation.participants[user_id].visible_from


def may_see(conversation: Conversation, user_id: str, message: Message) -> bool:
    """Return whether a person is a participant who may see a message of the conversation."""
    participant = conversation.participants.get(user_id)
    return participant is not None and participant.visible_from <= message.seq
