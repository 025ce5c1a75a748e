"""The interface of a store. SQL and Firestore implement it; one contract suite checks both."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from messaging.domain.conversation import Companion, Conversation, ListedConversation, Membership
from messaging.domain.fields.earlier_texts import EarlierTexts, EditedMessages
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.health import Condition
from messaging.domain.identifiers import random_id
from messaging.domain.message import Message, PersonReactions
from messaging.domain.participant import ReadPosition
from messaging.stores.link_notes import LinkNoteStore
from messaging.stores.positions import PositionStore
from messaging.stores.reactions import ReactionStore

if TYPE_CHECKING:
    from messaging.stores.attachments import AttachmentStore
    from messaging.stores.shared.witness import Witness

OWN_READS = frozenset(
    {"list_own_conversations", "list_memberships", "get_memberships", "list_companions"}
)
"""Operations whose cost depends on one person's data. If one is slow, that says nothing about the
store, so it does not count for the shared circuit breaker. On SQL, some threads never run them."""

STORE_FAILURES = 5
"""The calls in a row without an answer that open the circuit breaker of a store. A refusal (a
conflict, a missing index) is an answer."""

Changes = Mapping[str, Any]
"""New values of some of an entity's fields, by name."""


class Conflict(Exception):
    """The conversation has changed since it was read. Nothing was written."""


class AlreadyExists(Exception):
    """A document that the commit creates already exists. Nothing was written."""

    def __init__(self, *message_ids: str) -> None:
        super().__init__()
        self.message_ids = frozenset(message_ids)
        """The messages that already exist, as far as they are known; Firestore names only one."""


class CommitUnknown(Exception):
    """The answer to a commit was lost: it may have been applied, or may still be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The writes of one commit to one conversation: all or nothing. `COMMIT_TIME` anywhere in it
    becomes the store's time."""

    before: Conversation
    """The conversation as it was read; its `token` is the precondition."""
    after: Conversation
    created: Sequence[Message] = ()
    """Messages that must not exist yet."""
    replaced: Sequence[Message] = ()
    """Messages that replace their former state."""
    positions: Sequence[ReadPosition] = ()
    """The read positions of added people."""
    attached: Sequence[StoredAttachment] = ()
    """Of created messages, each with its message. Raises Conflict if one has changed meanwhile."""
    released: Sequence[str] = ()
    """The attachments of deleted messages: the sweep removes their files."""
    earlier: Mapping[str, EarlierTexts] = field(default_factory=dict)
    """The new earlier texts of replaced or created messages, by id. Those of others stay."""
    reactions: Sequence[PersonReactions] = ()
    """All reactions of the people who reacted, to the messages in this commit."""
    commit_id: str = field(default_factory=random_id)
    """Stored as the conversation's `commit_id`, whatever `after` contains. After a lost answer, a
    read shows by it that this commit was applied. The next commit overwrites it, so a different id
    proves nothing. Preferences and read positions do not change it."""

    @property
    def writes(self) -> int:
        """Return how many documents it writes."""
        parts = (self.created, self.replaced, self.positions, self.attached, self.released)
        return 1 + sum(map(len, parts)) + len(self.reactions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a conversation list, latest activity first, without the conversations that cannot
    be read (`messaging.stores.damage`)."""

    conversations: Sequence[Conversation]
    next_cursor: str | None
    """Opaque; None at the end. A full page always has one. The page after it may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """A page of one person's conversation list, as in `Page`."""

    conversations: Sequence[ListedConversation]
    next_cursor: str | None
    unreadable: Sequence[str] = ()
    """The ids of the conversations that cannot be read. Log lines have named them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedConversations:
    conversations: Sequence[Conversation]
    read_at: datetime
    """The store's time of the answer; of several answers, that of the first."""
    unreadable: Sequence[str] = ()
    """The ids of those that cannot be read (`messaging.stores.damage`): they hold up no others."""


class InvalidCursor(ValueError):
    """The cursor was not issued by this store."""


class Store(PositionStore, LinkNoteStore, Protocol):
    """Stores conversations, with the read positions and the link notes.

    Every method may raise `StoreUnavailable`, within `timeout` seconds. No method blocks the event
    loop, and none repeats a commit that may have been applied.

    The store has one clock for all instances (SQLite has one instance, and uses its clock), in
    whole milliseconds. It dates a commit when it receives it. So a change becomes visible up to
    `timeout` seconds after its `updated_at`, or somewhat more if the answer to a commit was lost.
    """

    witness: "Witness"
    """Compares the conversations that are read with those that the store showed before."""

    @property
    def attachments(self) -> "AttachmentStore":
        """Return the store of attachments, which commits of messages mark too."""

    @property
    def reactions(self) -> ReactionStore:
        """Return the reactions, which a commit writes."""

    @property
    def timeout(self) -> float:
        """Return the maximum seconds of any method."""

    @property
    def condition(self) -> Condition:
        """Return the condition at the latest calls: `degraded` while the store answers reads but
        refuses writes, `unavailable` while calls fail because it did not answer."""

    @property
    def seconds_since_answer(self) -> float:
        """Return the seconds since its last answer; infinite if there was none."""

    async def close(self) -> None:
        """Release connections and threads. The store can be used again afterwards."""

    async def now(self) -> datetime:
        """Return the store's time, read from the store."""

    async def create_conversation(self, conversation: Conversation) -> Conversation:
        """Store a new conversation with its participants' read positions, and with its latest
        message, if it has one.

        Raises AlreadyExists, CommitUnknown.
        """

    async def get_conversation(self, conversation_id: str) -> Conversation | None: ...

    async def list_conversations(
        self, user_id: str, *, limit: int, cursor: str | None = None
    ) -> Page:
        """Return the conversations of one person, latest activity first. Raises InvalidCursor."""

    async def list_own_conversations(
        self, user_id: str, *, limit: int, people: int, cursor: str | None = None
    ) -> ListedPage:
        """Return the conversations of one person as a list shows them, latest activity first. If a
        conversation has more than `people` participants, they are neither read nor listed. Raises
        InvalidCursor."""

    async def list_memberships(
        self, user_id: str, *, limit: int, personal: bool = False
    ) -> Sequence[Membership]:
        """Return a person's memberships, latest activity first. With `personal`, read `uncounted`
        and `preferences` too. Memberships that cannot be read are left out."""

    async def get_memberships(
        self, user_id: str, conversation_ids: Sequence[str], *, personal: bool = False
    ) -> Sequence[Membership]:
        """Return a person's memberships in these conversations. `personal` as above."""

    async def list_companions(
        self, user_id: str, others: Sequence[str], *, most: int | None = None
    ) -> Sequence[Companion]:
        """Return the other people who share a conversation with a person, each with up to four of
        those conversations. Conversations of more than `most` people do not count.

        Firestore considers the person's 1,000 latest conversations.
        """

    async def list_conversation_ids(self, *, after: str = "", limit: int) -> Sequence[str]:
        """Return the ids of the first `limit` conversations after this id, in a fixed order of the
        store. A shorter answer is the last."""

    async def list_changed_conversations(self, *, since: datetime) -> ChangedConversations:
        """Return the conversations that changed durably, or were created, at or after `since`.

        To miss nothing, a repeated read passes as `since` the previous `read_at` less the time
        after which a commit may still become visible. Each 100 of them may take `timeout`.
        """

    def page_changed_conversations(self, *, since: datetime) -> AsyncIterator[ChangedConversations]:
        """Yield the same in pages of at most 100. A conversation may come twice. The earliest
        `read_at` counts."""

    async def commit(self, commit: Commit) -> Conversation:
        """Apply a commit and return the conversation as stored, with `COMMIT_TIME` replaced by
        `updated_at`, and with a new token.

        Raises Conflict, AlreadyExists, CommitUnknown.
        """

    async def set_preferences(self, conversation_id: str, user_id: str, changes: Changes) -> None:
        """Change the given fields of a person's `Preferences`; concurrent changes of other fields
        are kept. This is not a durable change: no version, but a new token.

        Raises ConversationNotFound.
        """

    async def set_blocked(self, conversation_id: str, user_id: str, *, blocked: bool) -> None:
        """Record in a direct conversation that one of its people blocks the other, or no longer
        does. This is not a durable change: no version, but a new token, so that the next commit
        sees it.

        Raises ConversationNotFound.
        """

    async def get_messages(
        self, conversation_id: str, message_ids: Sequence[str]
    ) -> Mapping[str, Message]:
        """Return those of the messages that exist, by id."""

    async def get_messages_of(self, wanted: Mapping[str, Sequence[str]]) -> Mapping[str, Message]:
        """Return the same for several conversations at once, without the messages that cannot be
        read. `wanted`: the ids of messages, by that of their conversation."""

    async def get_edited(self, conversation_id: str, ids: Sequence[str]) -> EditedMessages:
        """Return the same, each with its earlier texts, which all other reads leave out."""

    async def list_messages(
        self, conversation_id: str, *, first_seq: int, last_seq: int
    ) -> Sequence[Message]:
        """Return the messages with first_seq ≤ seq ≤ last_seq, ascending by seq."""

    async def list_latest_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        """Return the last `limit` messages, ascending by seq."""

    async def list_pinned_messages(self, conversation_id: str, *, limit: int) -> Sequence[Message]:
        """Return the first `limit` pinned messages, the latest pin first."""

    async def list_changed_messages(
        self, conversation_id: str, *, since: int, until: int, limit: int
    ) -> Sequence[Message]:
        """Return the first `limit` messages with since < version ≤ until, ascending by version."""

    async def count_changed_messages(self, conversation_id: str, *, since: int, up_to: int) -> int:
        """Count the messages with a version above `since`, up to `up_to`."""
