"""The committed state: the store's time replaces every `COMMIT_TIME`."""

from datetime import datetime

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import copier, stamper
from messaging.domain.message import Message

stamped = stamper(Message)
_copied = copier(Conversation, "created_at", "active_at", "updated_at", "last_message", "token")


def stamped_conversation(conversation: Conversation, at: datetime, token: object) -> Conversation:
    """Return the conversation as it stands once the store has committed it at `at`."""
    last = conversation.last_message
    return _copied(
        conversation,
        created_at=at if conversation.created_at is COMMIT_TIME else conversation.created_at,
        active_at=at if conversation.active_at is COMMIT_TIME else conversation.active_at,
        updated_at=at,
        last_message=stamped(last, at) if last else None,
        token=token,
    )
