"""The result of a commit, small enough to travel with its events.

An instance that has the conversation before the commit needs no read to get the conversation after
it. Its next own commit has the right token, and its readers see the right state.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

from msgspec import Meta, Struct, field

from messaging.commits.group_commit import Committed
from messaging.delivery.field_types import Micros, PeopleNumbers, Token
from messaging.delivery.message_state import MessageForm, micros, moment
from messaging.domain.change import Change, ChangeType
from messaging.domain.conversation import Conversation
from messaging.domain.fields.codec import copier
from messaging.domain.fields.types import Number, ShortText, UserId
from messaging.domain.message import Message

_MAX_DELETED = 2_000
_ABOUT_MESSAGES = frozenset(
    {
        ChangeType.MESSAGE_CREATED,
        ChangeType.MESSAGE_UPDATED,
        ChangeType.MESSAGE_DELETED,
        ChangeType.REACTION_UPDATED,
    }
)
_MESSAGE = MessageForm(Message)
_moved = copier(
    Conversation,
    *("version", "seq", "updated_at", "active_at", "last_message", "sent_seq", "uncounted"),
    *("commit_id", "token", "pinned_count", "mentions_all_seq"),
    *("mentioned_seq", "last_sender_id", "other_seq"),
)

if TYPE_CHECKING:

    class _LastMessage(Struct, frozen=True, kw_only=True):
        last_message: Any
else:
    _LastMessage = _MESSAGE.fields


class ConversationState(_LastMessage, frozen=True, kw_only=True):
    """A conversation after a commit that changes only messages."""

    before: Number
    """The version that the commit was based on."""
    before_token: Token | None
    version: Number
    seq: Number
    updated_at: Micros
    active_at: Micros
    sent_seq: PeopleNumbers
    """The number of the latest message of everyone who sent one in this commit."""
    commit_id: ShortText
    token: Token | None
    deleted: Annotated[list[Number], Meta(max_length=_MAX_DELETED)] = field(default_factory=list)
    """The numbers of the messages that this commit deleted, and of its system messages: from now on
    they count as unread for nobody. Earlier releases neither send nor store them."""
    pinned_count: Number | None = None
    """None if an earlier release committed, which never changes it; as for the next."""
    mentions_all_seq: Number | None = None
    mentioned: PeopleNumbers = field(default_factory=dict)
    """The number of the latest message of this commit that mentions each person."""
    last_sender_id: UserId | None = None
    other_seq: Number | None = None

    def follows(self, first: int, last: int) -> bool:
        """Return whether it is the state after the versions `first` to `last`, and consistent."""
        message = self.last_message
        return (
            (self.before, self.version) == (first - 1, last)
            and self.seq <= self.version
            and all(seq <= self.seq for seq in self.sent_seq.values())
            and all(1 <= seq <= self.seq for seq in self.deleted)
            and max(self.pinned_count or 0, self.mentions_all_seq or 0) <= self.seq
            and all(seq <= self.seq for seq in self.mentioned.values())
            and (self.other_seq or 0) <= self.seq
            and (message is None or (message.seq <= self.seq and message.version <= self.version))
        )

    @property
    def latest_moment(self) -> datetime:
        """Return the latest time in it, by the store's clock."""
        return moment(max(self.updated_at, self.active_at))


_make_state = _MESSAGE.writer(
    ConversationState,
    given=(
        *("before", "before_token", "version", "seq", "updated_at", "active_at", "sent_seq"),
        *("commit_id", "token", "deleted", "pinned_count", "mentions_all_seq"),
        *("mentioned", "last_sender_id", "other_seq"),
    ),
)


def make_delta(committed: Committed) -> ConversationState | None:
    """Return the state to send; None for changes of people, roles or title, after which the
    conversation is read."""
    conversation, changes = committed.conversation, committed.changes
    last = conversation.last_message
    if (
        last is None
        or not all(change.type in _ABOUT_MESSAGES for change in changes)
        or changes[-1].version != conversation.version
    ):
        return None
    seq_before = min(
        (
            change.message.seq - 1
            for change in changes
            if change.message is not None and change.type is ChangeType.MESSAGE_CREATED
        ),
        default=conversation.seq,
    )
    return _make_state(
        last,
        before=changes[0].version - 1,
        before_token=cast("int | None", committed.before_token),
        version=conversation.version,
        seq=conversation.seq,
        updated_at=micros(conversation.updated_at),
        active_at=micros(conversation.active_at),
        sent_seq={
            change.message.sender_id: change.message.seq
            for change in changes
            if change.message is not None
            and change.type is ChangeType.MESSAGE_CREATED
            and not _is_uncounted(change)
        },
        commit_id=conversation.commit_id,
        token=cast("int | None", conversation.token),
        deleted=[
            change.message.seq
            for change in changes
            if change.message is not None and _is_uncounted(change)
        ],
        pinned_count=conversation.pinned_count,
        mentions_all_seq=conversation.mentions_all_seq,
        mentioned={
            user_id: seq for user_id, seq in conversation.mentioned_seq.items() if seq > seq_before
        }
        if any(change.message is not None and change.message.mentions for change in changes)
        else {},
        last_sender_id=conversation.last_sender_id or None,
        other_seq=conversation.other_seq,
    )


def apply_delta(conversation: Conversation, state: ConversationState) -> Conversation | None:
    """Return the conversation after the commit; None if `before` is not the one before it. The
    version alone does not show that: a person's own settings change without one."""
    if (conversation.version, conversation.token) != (state.before, state.before_token):
        return None
    if state.seq != max(conversation.seq, *state.sent_seq.values(), *state.deleted, 0):
        return None  # no other commit moves it
    last = state.last_message
    uncounted = conversation.uncounted
    for seq in state.deleted:
        uncounted = uncounted.adding(seq)
    return _moved(
        conversation,
        version=state.version,
        seq=state.seq,
        updated_at=moment(state.updated_at),
        active_at=moment(state.active_at),
        last_message=None if last is None else _MESSAGE.read(last, state, conversation.id),
        sent_seq={**conversation.sent_seq, **state.sent_seq},
        uncounted=uncounted,
        pinned_count=_unless_none(state.pinned_count, conversation.pinned_count),
        mentions_all_seq=_unless_none(state.mentions_all_seq, conversation.mentions_all_seq),
        mentioned_seq={**conversation.mentioned_seq, **state.mentioned}
        if state.mentioned
        else conversation.mentioned_seq,
        last_sender_id=state.last_sender_id or conversation.last_sender_id,
        other_seq=_unless_none(state.other_seq, conversation.other_seq),
        commit_id=state.commit_id,
        token=state.token,
    )


def _is_uncounted(change: Change) -> bool:
    """Return whether the change makes a message count as unread for nobody."""
    if change.type is ChangeType.MESSAGE_DELETED:
        return True
    message = change.message
    return change.type is ChangeType.MESSAGE_CREATED and message is not None and message.is_system


def _unless_none(value: int | None, known: int) -> int:
    return known if value is None else value
