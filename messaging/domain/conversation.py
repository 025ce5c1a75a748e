"""A conversation, and the parts of it that lists and sockets need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from messaging.domain.message import Message
from messaging.domain.participant import Participant, Preferences
from messaging.domain.uncounted import ALL_COUNTED, Uncounted


class ConversationKind(StrEnum):
    DIRECT = "direct"
    GROUP = "group"


class Posting(StrEnum):
    """Who may send messages."""

    ALL = "all"
    ADMINS = "admins"
    """Owners and admins."""


class History(StrEnum):
    """What people who are added see of the messages before."""

    FULL = "full"
    SINCE_JOINING = "since_joining"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    id: str
    kind: ConversationKind
    title: str | None
    participants: Mapping[str, Participant]
    """By user id, in the order in which they were added."""
    created_at: datetime
    updated_at: datetime
    active_at: datetime
    """When the conversation was created or last got a message. Conversation lists are ordered by
    it."""
    seq: int = 0
    """The number of its latest message. Messages are numbered 1, 2, 3… without gaps."""
    version: int = 0
    """The number of its durable changes."""
    last_message: Message | None = None
    sent_seq: Mapping[str, int] = field(default_factory=dict)
    """The latest own message of each person who has sent one. Sending counts as reading up to
    it."""
    mentioned_seq: Mapping[str, int] = field(default_factory=dict)
    """The latest message that named each person in `mentions`, also if it was deleted since."""
    last_sender_id: str = ""
    """The sender of the latest message; empty if there is none. System messages do not count."""
    other_seq: int = 0
    """The latest message of anybody else, or a later number; 0 if there is none."""
    preferences: Mapping[str, Preferences] = field(default_factory=dict)
    """Only for people who changed their preferences."""
    blocked_by: frozenset[str] = frozenset()
    """The people of a direct conversation who block the other."""
    frozen: bool = False
    """Whether an operator has frozen the conversation: then only owners and admins can write."""
    uncounted: Uncounted = ALL_COUNTED
    """The deleted messages and the system messages, which never count as unread."""
    metadata: str | None = None
    """A JSON object of the client's own, as text; None if there is none."""
    picture: str | None = None
    """An https URL."""
    posting: Posting = Posting.ALL
    history: History = History.FULL
    """Concerns people who are added later: `Participant.visible_from` is set at joining."""
    system_messages: bool = False
    """Whether changes of people, roles and title also create a system message."""
    pinned_count: int = 0
    mentions_all_seq: int = 0
    """The latest message that mentions everyone, also if it was deleted since; 0 if there is
    none."""
    content_hash: str = ""
    """The digest of the creating request's content. It decides whether a reused `client_id` is a
    retry."""
    commit_id: str = field(default="", compare=False, repr=False)
    """The random id of the latest commit. After a lost answer it shows whether that commit was
    applied."""
    token: object = field(default=None, compare=False, repr=False)
    """The token that the store compares, to ensure that nobody changed the conversation in
    between."""
    counted: bool = field(default=False, compare=False, repr=False)
    """Whether the store also keeps the people that lists show in separate fields. Only Firestore
    sets it: earlier releases did not write these fields, and the next commit adds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One person's membership: the fields that `hello` and the unread total need."""

    conversation_id: str
    version: int
    """The version of the conversation at which this was read."""
    seq: int
    joined_version: int
    sent_seq: int = 0
    """The person's own latest message; 0 if there is none."""
    participant_count: int | None = None
    """None if an earlier release changed the people last. Then it is counted elsewhere."""
    uncounted: Uncounted = ALL_COUNTED
    """As in `Conversation`; empty unless requested."""
    preferences: Preferences = Preferences()
    """The person's own preferences; the default unless requested. So are the fields below."""
    mentioned_seq: int = 0
    mentions_all_seq: int = 0
    last_sender_id: str = ""
    other_seq: int = 0
    visible_from: int = 1
    """The first message that the person may see; always read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConversation:
    """One person's view of a conversation in a list. Its size does not grow with the number of
    participants."""

    id: str
    kind: ConversationKind
    title: str | None
    participants: Mapping[str, Participant] | None
    """By user id, in the order in which they were added; None if there are too many to list."""
    participant_count: int
    created_at: datetime
    updated_at: datetime
    active_at: datetime
    seq: int
    version: int
    last_message: Message | None
    own: Participant
    """The person whose list this is."""
    sent_seq: int = 0
    """The person's own latest message; 0 if there is none."""
    mentioned_seq: int = 0
    """The latest message that mentioned the person; 0 if there is none."""
    last_sender_id: str = ""
    other_seq: int = 0
    preferences: Preferences = Preferences()
    """The person's own."""
    blocked: bool = False
    """Whether one of a direct conversation's two people blocks the other."""
    frozen: bool = False
    uncounted: Uncounted = ALL_COUNTED
    metadata: str | None = None
    picture: str | None = None
    posting: Posting = Posting.ALL
    history: History = History.FULL
    system_messages: bool = False
    pinned_count: int = 0
    mentions_all_seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A person who shares a conversation with another person."""

    user_id: str
    conversation_id: str
    version: int
    """The version of the conversation at which this was read."""
    joined_version: int
    """The version at which the companion joined."""
    participant_count: int
