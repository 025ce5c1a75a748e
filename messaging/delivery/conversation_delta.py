"""What a commit made of a conversation, small enough to travel beside its events.

An instance that has the conversation as it was before the commit needs no read to have it as it
is after: its next own commit finds the right token, and its readers the right state.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

from msgspec import Meta, Struct

from messaging.commits.group_commit import Committed
from messaging.delivery.field_types import (
    Micros,
    Number,
    People,
    PeopleNumbers,
    ShortText,
    Text,
    Token,
    UserId,
)
from messaging.domain.change import ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.message import Message

_MAX_DELETED = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ABOUT_MESSAGES = frozenset(
    {ChangeType.MESSAGE_CREATED, ChangeType.MESSAGE_UPDATED, ChangeType.MESSAGE_DELETED}
)


class MessageState(Struct, frozen=True, array_like=True, kw_only=True):
    """The latest message of a conversation. Earlier releases unpack an array of this length."""

    id: ShortText
    seq: Number
    version: Number
    sender_id: UserId
    client_id: ShortText | None
    text: Text | None
    reply_to: ShortText | None
    mentions: People
    created_at: Micros
    edited_at: Micros | None
    deleted_at: Micros | None
    content_hash: ShortText


class ConversationState(Struct, frozen=True, kw_only=True):
    """A conversation after a commit that concerns messages alone."""

    before: Number
    """The version that the commit was based on."""
    before_token: Token | None
    version: Number
    seq: Number
    updated_at: Micros
    active_at: Micros
    last_message: MessageState | None
    sent_seq: PeopleNumbers
    """The number of the latest message of everyone who sent one in this commit."""
    commit_id: ShortText
    token: Token | None
    deleted: Annotated[list[Number], Meta(max_length=_MAX_DELETED)] = []
    """The numbers of the messages that this commit deleted. An earlier release does not say, and
    does not store them either."""
    last_created_version: Number | None = None
    """Of the latest message. An earlier release does not say."""

    def follows(self, first: int, last: int) -> bool:
        """Whether it is the state after the versions `first` to `last`, and agrees with itself."""
        message = self.last_message
        return (
            (self.before, self.version) == (first - 1, last)
            and self.seq <= self.version
            and all(seq <= self.seq for seq in self.sent_seq.values())
            and all(1 <= seq <= self.seq for seq in self.deleted)
            and (message is None or (message.seq <= self.seq and message.version <= self.version))
        )

    @property
    def latest_moment(self) -> datetime:
        """The latest moment in it, by the store's clock."""
        return _moment(max(self.updated_at, self.active_at))


def make_delta(committed: Committed) -> ConversationState | None:
    """Return the state to send; None for changes of people, roles or title, after which the
    conversation is read."""
    conversation, changes = committed.conversation, committed.changes
    if (
        not all(change.type in _ABOUT_MESSAGES for change in changes)
        or changes[-1].version != conversation.version
    ):
        return None
    last = conversation.last_message
    return ConversationState(
        before=changes[0].version - 1,
        before_token=cast("int | None", committed.before_token),
        version=conversation.version,
        seq=conversation.seq,
        updated_at=_micros(conversation.updated_at),
        active_at=_micros(conversation.active_at),
        last_message=None if last is None else _message_state(last),
        sent_seq={
            change.message.sender_id: change.message.seq
            for change in changes
            if change.message is not None and change.type is ChangeType.MESSAGE_CREATED
        },
        commit_id=conversation.commit_id,
        token=cast("int | None", conversation.token),
        deleted=[
            change.message.seq
            for change in changes
            if change.message is not None and change.type is ChangeType.MESSAGE_DELETED
        ],
        last_created_version=None if last is None else last.created_version,
    )


def apply_delta(conversation: Conversation, state: ConversationState) -> Conversation | None:
    """Return the conversation after the commit; None if it is not the one from before it. The
    version alone does not tell: somebody's own settings change without one."""
    if (conversation.version, conversation.token) != (state.before, state.before_token):
        return None
    if state.seq != max(conversation.seq, *state.sent_seq.values(), 0):
        return None  # no commit moves it otherwise
    last = state.last_message
    uncounted = conversation.uncounted
    for seq in state.deleted:
        uncounted = uncounted.adding(seq)
    return replace(
        conversation,
        version=state.version,
        seq=state.seq,
        updated_at=_moment(state.updated_at),
        active_at=_moment(state.active_at),
        last_message=None
        if last is None
        else _message(conversation.id, last, created_version=state.last_created_version),
        sent_seq={**conversation.sent_seq, **state.sent_seq},
        uncounted=uncounted,
        commit_id=state.commit_id,
        token=state.token,
    )


def _message_state(message: Message) -> MessageState:
    return MessageState(
        id=message.id,
        seq=message.seq,
        version=message.version,
        sender_id=message.sender_id,
        client_id=message.client_id,
        text=message.text,
        reply_to=message.reply_to,
        mentions=list(message.mentions),
        created_at=_micros(message.created_at),
        edited_at=None if message.edited_at is None else _micros(message.edited_at),
        deleted_at=None if message.deleted_at is None else _micros(message.deleted_at),
        content_hash=message.content_hash,
    )


def _message(conversation_id: str, state: MessageState, *, created_version: int | None) -> Message:
    return Message(
        id=state.id,
        conversation_id=conversation_id,
        seq=state.seq,
        version=state.version,
        sender_id=state.sender_id,
        client_id=state.client_id,
        text=state.text,
        reply_to=state.reply_to,
        mentions=tuple(state.mentions),
        created_at=_moment(state.created_at),
        edited_at=None if state.edited_at is None else _moment(state.edited_at),
        deleted_at=None if state.deleted_at is None else _moment(state.deleted_at),
        content_hash=state.content_hash,
        created_version=created_version,
    )


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND
