"""What a store promises. `sql` and `firestore` both keep it; one contract suite checks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from messaging.domain.conversation import Companion, Conversation, ListedConversation, Membership
from messaging.domain.health import Condition
from messaging.domain.identifiers import random_id
from messaging.domain.message import Message
from messaging.domain.participant import ReadPosition

if TYPE_CHECKING:
    from messaging.stores.witness import Witness

OWN_READS = frozenset(
    {"list_own_conversations", "list_memberships", "get_memberships", "list_companions"}
)
"""Operations that cost by what one person has. One that takes too long tells nothing of the store:
it gives no vote to the circuit breaker of all. On SQL some threads are never theirs."""

LINK_NOTE_LIFETIME = timedelta(seconds=25)
"""How long a link note stays unless it is renewed."""


class Conflict(Exception):
    """Somebody else changed the conversation since it was read. Nothing was written."""


class AlreadyExists(Exception):
    """A document that the commit creates is already there. Nothing was written."""


class CommitUnknown(Exception):
    """The answer to a commit was lost: it may have been applied, or may be applied yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What one commit writes to one conversation: all of it or nothing.

    `COMMIT_TIME` anywhere in it becomes the store's time.
    """

    before: Conversation
    """The conversation as it was read; its `token` is the precondition."""
    after: Conversation
    created: Sequence[Message] = ()
    """Messages that must not exist yet."""
    replaced: Sequence[Message] = ()
    """Messages that take the place of their former state."""
    positions: Sequence[ReadPosition] = ()
    """Where the people who were added start reading."""
    commit_id: str = field(default_factory=random_id)
    """Stored as the conversation's `commit_id`, whatever `after` has there. Whoever lost the answer
    and reads it again knows that this commit was applied. The next commit overwrites it, so a
    different one proves nothing; preferences and read positions leave it alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A stretch of a conversation list, latest activity first."""

    conversations: Sequence[Conversation]
    next_cursor: str | None
    """Opaque; None at the end. A full page always has one, for to look ahead would cost a read:
    the page after it may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """A stretch of one person's conversation list, latest activity first."""

    conversations: Sequence[ListedConversation]
    next_cursor: str | None
    """As that of `Page`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """The answer to moving a read position forward."""

    position: ReadPosition
    moved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedConversations:
    conversations: Sequence[Conversation]
    read_at: datetime
    """The store's time when it answered; of several answers, that of the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPositions:
    positions: Mapping[str, ReadPosition]
    """By conversation id, latest change first."""
    read_at: datetime
    """The store's time when it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkNotes:
    """The instances that are cut off from Redis and say so."""

    boot_ids: frozenset[str]
    read_at: datetime
    """The store's time when it answered."""


class InvalidCursor(ValueError):
    """The cursor is not one that this store made."""


class Store(Protocol):
    """Where conversations live. Every method may raise `StoreUnavailable`, within `timeout`
    seconds each; none of them blocks the event loop, and none of them sends a commit again that
    may have been applied.

    The store has one clock for all instances (on SQLite, which has one, its own), in whole
    milliseconds. It dates a commit when it takes it up, so what is written shows up to `timeout`
    seconds after its `updated_at`, or some more where the answer to a commit was lost.
    """

    witness: "Witness"
    """Compares the conversations that it reads with those that it showed before."""

    @property
    def timeout(self) -> float:
        """Seconds that any one method may take."""

    @property
    def condition(self) -> Condition:
        """As of the last calls: `degraded` while it reads and takes no writes, `unavailable` while
        calls are refused because it did not answer."""

    @property
    def seconds_since_answer(self) -> float:
        """How long ago it last answered; infinite where it never did."""

    async def close(self) -> None:
        """Give back connections and threads. The store can be used again afterwards."""

    async def now(self) -> datetime:
        """The store's time, as it answered a read with it."""

    async def create_conversation(self, conversation: Conversation) -> Conversation:
        """Store a new conversation with its participants' read positions.

        Raises AlreadyExists, CommitUnknown.
        """

    async def get_conversation(self, conversation_id: str) -> Conversation | None: ...

    async def list_conversations(
        self, user_id: str, *, limit: int, cursor: str | None = None
    ) -> Page:
        """The conversations of one person, latest activity first. Raises InvalidCursor."""

    async def list_own_conversations(
        self, user_id: str, *, limit: int, people: int, cursor: str | None = None
    ) -> ListedPage:
        """Return the conversations of one person as a list shows them, latest activity first. Of
        those of more than `people` the people are neither read nor listed. Raises InvalidCursor.
        """

    async def list_memberships(
        self, user_id: str, *, limit: int, personal: bool = False
    ) -> Sequence[Membership]:
        """Return a person's place in their conversations, latest activity first. `personal`: read
        `uncounted` and `preferences` too."""

    async def get_memberships(
        self, user_id: str, conversation_ids: Sequence[str], *, personal: bool = False
    ) -> Sequence[Membership]:
        """Return a person's place in those of the conversations that they are in, in any order.
        `personal` as in `list_memberships`."""

    async def list_companions(
        self, user_id: str, others: Sequence[str], *, most: int | None = None
    ) -> Sequence[Companion]:
        """Return those of the others with whom a person shares a conversation, each with up to
        four of those conversations. `most`: conversations of more people do not count.

        Firestore looks at the person's 1,000 latest conversations.
        """

    async def list_conversation_ids(self, *, after: str = "", limit: int) -> Sequence[str]:
        """The ids of the first `limit` conversations that come after this id, in an order of the
        store's own that stays: a shorter answer is the last."""

    async def list_changed_conversations(self, *, since: datetime) -> ChangedConversations:
        """The conversations whose `updated_at`, the time of their latest durable change or of
        their founding, is at or after `since`, each whole, in any order.

        For whoever asks again to miss nothing, `since` is the former `read_at` less the time after
        which a commit may still show. A long list is read in pages; each may take `timeout`.
        """

    async def commit(self, commit: Commit) -> Conversation:
        """Apply a commit and return the conversation as stored: `COMMIT_TIME` replaced by
        `updated_at`, and with a new token.

        Raises Conflict, AlreadyExists, CommitUnknown.
        """

    async def set_preferences(
        self, conversation_id: str, user_id: str, changes: Mapping[str, Any]
    ) -> None:
        """Change the fields of somebody's `Preferences` that are named; what others change at the
        same moment stays. Not a durable change: no version, but a new token.

        Raises ConversationNotFound.
        """

    async def set_blocked(self, conversation_id: str, user_id: str, *, blocked: bool) -> None:
        """Say in a direct conversation that one of its people blocks the other, or not any more.
        Not a durable change: no version, but a new token, so that who commits next sees it.

        Raises ConversationNotFound.
        """

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        """Those of the messages that exist, by id."""

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        """The messages with first_seq ≤ seq ≤ last_seq, ascending by seq."""

    async def list_latest_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        """The last `limit` messages, ascending by seq."""

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        """The first `limit` messages with since < version ≤ until, ascending by version."""

    async def count_changed_messages(self, conversation_id: str, *, since: int, up_to: int) -> int:
        """How many messages have a version above `since`; counting stops at `up_to`."""

    async def list_read_positions(self, conversation_id: str) -> Sequence[ReadPosition]:
        """Of everybody who is or was a participant."""

    async def get_read_positions(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        """One person's positions, by conversation id; where there is none, it is left out."""

    async def list_changed_positions(
        self, user_id: str, *, since: datetime, limit: int
    ) -> ChangedPositions:
        """Return one person's positions that changed at or after `since`: because they read
        further, changed their settings or were added. At most `limit`, the latest first.

        Positions that only an earlier release has written are not found.
        """

    async def advance_read(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        """Move somebody's `read_seq` (and `delivered_seq`) forward to `seq`, in a transaction;
        never back, whatever races."""

    async def advance_delivered(self, conversation_id: str, user_id: str, seq: int) -> None:
        """Move somebody's `delivered_seq` forward to `seq`, never back; one write, no read."""

    async def limit_position(self, conversation_id: str, user_id: str, seq: int) -> None:
        """Move somebody's `read_seq` and `delivered_seq` back to `seq` where they are beyond it,
        because a restore set the conversation back. One write; nothing where there is no position.
        """

    async def put_link_note(self, boot_id: str) -> None:
        """Tell the other instances that this one is cut off from Redis; one write."""

    async def delete_link_note(self, boot_id: str) -> None:
        """Take that back, or do nothing where it was not told; one delete."""

    async def list_link_notes(self) -> LinkNotes:
        """The notes that were put within the last `LINK_NOTE_LIFETIME`; one read if none was."""
