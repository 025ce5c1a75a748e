"""A durable change of a conversation; each takes one version."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.participant import Participant


class _CommitTime(datetime):
    """A type of its own, so that a store cannot write it as the time that it holds."""


COMMIT_TIME = _CommitTime.combine(date.max, time.max, UTC)
"""Represents the time of the commit. The store replaces it with the time of its own clock."""


class ChangeType(StrEnum):
    """The durable changes of a conversation; each takes one version."""

    MESSAGE_CREATED = "message.created"
    MESSAGE_UPDATED = "message.updated"
    MESSAGE_DELETED = "message.deleted"
    REACTION_UPDATED = "reaction.updated"
    CONVERSATION_UPDATED = "conversation.updated"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_REMOVED = "participant.removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A reaction that its author added to a message, or removed."""

    emoji: str
    added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One durable change of a conversation: the step to one version."""

    type: ChangeType
    version: int
    message: Message | None = None
    participants: tuple[Participant, ...] = ()
    """The people who were added or removed."""
    conversation: Conversation | None = None
    """The conversation after it. A new message has none: `Outcome.conversation` is enough."""
    by: str
    """The author of the change."""
    pinned_count: int | None = None
    """The conversation's number of pinned messages, if a change of a message changed it."""
    reaction: Reaction | None = None
    loses_reactions: bool = False
    """Whether the message had reactions, which are still to be removed from the store."""
