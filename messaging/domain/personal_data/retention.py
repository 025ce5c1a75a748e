"""Retention: how long conversations keep their messages, and how far it has come in each."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from messaging.domain.conversation import ConversationKind

MAX_DAYS = 36_500
DEFAULT_RATE = 50
"""Messages a second."""
MAX_RATE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionProgress:
    """How far retention has come in a conversation."""

    conversation_id: str
    kind: ConversationKind
    done_seq: int = 0
    """Every message up to this one is a tombstone."""
    oldest_at: datetime
    """The time of the next message, or an earlier time."""


def lifetime_of(kind: ConversationKind) -> timedelta | None:
    """Return how long conversations of a kind keep their messages; None is for ever."""
    days: int = (
        settings.CHAT_RETENTION_DIRECT_DAYS
        if kind is ConversationKind.DIRECT
        else settings.CHAT_RETENTION_GROUP_DAYS
    )
    return timedelta(days=days) if days else None
