"""A message, as it is stored, delivered and notified."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from messaging.domain.fields.types import JsonText, Number, ShortText, Text, UserId


class MessageKind(StrEnum):
    TEXT = "text"
    """A person wrote it, or a service."""
    SYSTEM = "system"
    """It reports a change of the conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a message. Add a new field with a default."""

    id: ShortText
    filename: ShortText
    content_type: ShortText
    size: Number
    """In bytes."""
    width: Number | None = None
    """In pixels; None unless it is an image."""
    height: Number | None = None
    has_thumbnail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionSummary:
    """The people who reacted to a message with one emoji."""

    count: Number
    user_ids: tuple[UserId, ...]
    """The first of them."""


ReactionKey = tuple[str, str]
"""The ids of a message and of a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReactions:
    """One person's reactions to one message."""

    message_id: str
    user_id: str
    emojis: tuple[str, ...]
    """In the order in which the person added them."""

    @property
    def key(self) -> ReactionKey:
        return self.message_id, self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message. Stores, the link and the API derive their representations from these fields
    (`messaging.domain.fields.codec`). Add a new field at the end, with a default."""

    id: ShortText
    conversation_id: ShortText
    seq: Number
    version: Number
    """The conversation's version at which this message last changed."""
    sender_id: UserId
    client_id: ShortText | None
    text: Text | None
    """None once the message is deleted."""
    reply_to: ShortText | None
    mentions: tuple[UserId, ...]
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    content_hash: ShortText
    """The digest of the first request's content. It decides whether a reused `client_id` is a
    retry."""
    created_version: Number | None = None
    """The conversation's version at which the message was sent. Earlier releases do not store
    it."""
    mentions_all: bool = False
    """Whether the message mentions everyone."""
    kind: MessageKind = MessageKind.TEXT
    metadata: JsonText | None = None
    """A JSON object of the client's own, as text; None if there is none."""
    pinned_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    reactions: Mapping[str, ReactionSummary] = field(default_factory=dict)
    """By emoji."""

    @property
    def is_system(self) -> bool:
        return self.kind is MessageKind.SYSTEM

    def mentions_person(self, user_id: str) -> bool:
        return self.mentions_all or user_id in self.mentions

    @property
    def first_version(self) -> int | None:
        """Return the version at which the message was sent; None if an earlier release sent and
        changed it."""
        if self.created_version is None and self.edited_at is None and self.deleted_at is None:
            return self.version
        return self.created_version
