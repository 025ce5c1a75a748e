"""A message and a conversation as they may be stored, for the tests of what encodes and copies
them."""

from datetime import UTC, datetime
from typing import Any

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.message import Message
from messaging.domain.participant import Participant, Role

ANN = Participant(user_id="ann", role=Role.OWNER, joined_version=0)
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def sample_message(**fields: Any) -> Message:
    """A message of Ann's that mentions Bob, but for these fields."""
    usual = {
        "id": "m",
        "conversation_id": "c",
        "seq": 3,
        "version": 5,
        "sender_id": "ann",
        "client_id": "1",
        "text": "hello",
        "reply_to": None,
        "mentions": ("bob",),
        "created_at": _AT,
        "content_hash": "of the message",
    }
    return Message(**{**usual, **fields})


def sample_conversation(*, at: datetime = _AT, **fields: Any) -> Conversation:
    """A group of Ann's in which nothing has happened since this time, but for these fields."""
    usual = {
        "id": "c",
        "kind": ConversationKind.GROUP,
        "title": "Tea",
        "participants": {"ann": ANN},
        "created_at": at,
        "updated_at": at,
        "active_at": at,
    }
    return Conversation(**{**usual, **fields})
