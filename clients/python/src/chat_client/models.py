"""Objects of the API. `make schema` writes this file: do not edit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct


class Attachment(Struct, frozen=True, kw_only=True):
    id: str
    filename: str
    content_type: str
    size: int
    width: int | None
    height: int | None
    has_thumbnail: bool


class AttachmentState(Struct, frozen=True, kw_only=True):
    id: str
    conversation_id: str
    filename: str
    content_type: str
    size: int
    status: str
    width: int | None
    height: int | None
    has_thumbnail: bool


class Completed(Struct, frozen=True, kw_only=True):
    attachment: AttachmentState


class File(Struct, frozen=True, kw_only=True):
    id: str
    message_id: str
    seq: int
    sender_id: str
    filename: str
    content_type: str
    size: int
    width: int | None
    height: int | None
    url: str
    thumbnail_url: str | None
    expires_at: datetime


class FilePage(Struct, frozen=True, kw_only=True):
    items: Sequence[File]
    next_cursor: str | None


class Me(Struct, frozen=True, kw_only=True):
    user_id: str
    name: str | None
    picture: str | None
    is_service: bool
    limits: Mapping[str, int]
    unread_total: int


class Participant(Struct, frozen=True, kw_only=True):
    user_id: str
    role: str
    joined_version: int


class PersonPresence(Struct, frozen=True, kw_only=True):
    user_id: str
    status: str
    last_active_at: datetime | None


class Preferences(Struct, frozen=True, kw_only=True):
    muted_until: datetime | None
    notify: str
    pinned: bool
    archived: bool
    archived_seq: int | None


class PresenceList(Struct, frozen=True, kw_only=True):
    items: Sequence[PersonPresence]


class ReactionPerson(Struct, frozen=True, kw_only=True):
    user_id: str


class ReactionSummary(Struct, frozen=True, kw_only=True):
    count: int
    user_ids: Sequence[str]


class ReadPosition(Struct, frozen=True, kw_only=True):
    user_id: str
    read_seq: int
    delivered_seq: int


class Receipts(Struct, frozen=True, kw_only=True):
    items: Sequence[ReadPosition]


class SnippetPart(Struct, frozen=True, kw_only=True):
    text: str
    match: bool


class Upload(Struct, frozen=True, kw_only=True):
    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime


class User(Struct, frozen=True, kw_only=True):
    user_id: str
    name: str | None
    picture: str | None
    is_service: bool


class Users(Struct, frozen=True, kw_only=True):
    items: Sequence[User]
    next_cursor: str | None


class Announced(Struct, frozen=True, kw_only=True):
    attachment: AttachmentState
    upload: Upload


class Message(Struct, frozen=True, kw_only=True):
    id: str
    conversation_id: str
    seq: int
    version: int
    created_version: int | None
    kind: str
    sender_id: str
    client_id: str | None
    text: str | None
    metadata: Mapping[str, Any] | None
    reply_to: str | None
    mentions: Sequence[str]
    mentions_all: bool
    attachments: Sequence[Attachment]
    reactions: Mapping[str, ReactionSummary]
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    pinned_at: datetime | None
    my_reactions: Sequence[str] | None = None


class MessagePage(Struct, frozen=True, kw_only=True):
    items: Sequence[Message]
    has_more_before: bool | None = None
    has_more_after: bool | None = None


class OwnState(Struct, frozen=True, kw_only=True):
    conversation_id: str
    read_seq: int
    unread_count: int
    marked_unread: int | None
    preferences: Preferences


class Pins(Struct, frozen=True, kw_only=True):
    items: Sequence[Message]


class ReactionPage(Struct, frozen=True, kw_only=True):
    items: Sequence[ReactionPerson]
    next_cursor: str | None


class SharedConversation(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    title: str | None
    participants: Sequence[Participant] | None
    participant_count: int
    created_at: datetime
    updated_at: datetime
    seq: int
    version: int
    last_message: Message | None
    uncounted: Sequence[Sequence[int]]
    metadata: Mapping[str, Any] | None
    picture: str | None
    frozen: bool
    posting: str
    history: str
    system_messages: bool
    pinned_count: int


class Conversation(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    title: str | None
    participants: Sequence[Participant] | None
    participant_count: int
    created_at: datetime
    updated_at: datetime
    seq: int
    version: int
    last_message: Message | None
    uncounted: Sequence[Sequence[int]]
    metadata: Mapping[str, Any] | None
    picture: str | None
    frozen: bool
    posting: str
    history: str
    system_messages: bool
    pinned_count: int
    unread_count: int
    read_seq: int
    mentioned_seq: int | None
    marked_unread: int | None
    visible_from: int
    muted_until: datetime | None
    notify: str
    pinned: bool
    archived: bool
    archived_seq: int | None
    added: Sequence[str] | None = None


class ConversationPage(Struct, frozen=True, kw_only=True):
    items: Sequence[Conversation]
    next_cursor: str | None


class FoundMessage(Struct, frozen=True, kw_only=True):
    message: Message
    snippet: Sequence[SnippetPart]


class SearchPage(Struct, frozen=True, kw_only=True):
    items: Sequence[FoundMessage]
    next_cursor: str | None


class SyncedChanges(Struct, frozen=True, kw_only=True):
    status: str
    messages: Sequence[Message]
    conversation: Conversation | None
    version: int
    more: bool
