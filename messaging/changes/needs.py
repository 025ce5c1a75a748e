"""What a change needs from the store besides the conversation, and what it then knows."""

from dataclasses import dataclass, field

from messaging.domain.fields.earlier_texts import EarlierTexts
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Message, ReactionKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What must be read before a change is applied."""

    messages: tuple[str, ...] = ()
    """The ids of messages."""
    edited_messages: tuple[str, ...] = ()
    """The ids of messages that it needs with their earlier texts."""
    attachments: tuple[str, ...] = ()
    """The ids of attachments."""
    reactions: tuple[ReactionKey, ...] = ()
    """Whose reactions to which messages; they are read only if the message exists."""


@dataclass(slots=True, kw_only=True)
class Known:
    """What was read for the changes of a commit, as the previous changes of the commit left it. A
    change only reads it. What a change needs and does not find here does not exist."""

    messages: dict[str, Message] = field(default_factory=dict)
    """By id."""
    earlier_texts: dict[str, EarlierTexts] = field(default_factory=dict)
    """By the id of the message."""
    attachments: dict[str, StoredAttachment] = field(default_factory=dict)
    """By id."""
    reactions: dict[ReactionKey, tuple[str, ...]] = field(default_factory=dict)
    """The emojis of each person."""
