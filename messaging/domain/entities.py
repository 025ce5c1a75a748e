"""The nouns of chat: what is stored, delivered and notified. All of them are immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum

from messaging.domain.uncounted import ALL_COUNTED, Uncounted

COMMIT_TIME = datetime.max.replace(tzinfo=UTC)
"""Stands for the moment of the commit; the store replaces it with its own clock's time."""

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of what has none; every store can keep it."""


class ConversationKind(StrEnum):
    DIRECT = "direct"
    GROUP = "group"


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Notify(StrEnum):
    """Which messages of a conversation ring its participant's phone."""

    ALL = "all"
    MENTIONS = "mentions"
    NONE = "none"


class ChangeType(StrEnum):
    """The durable changes of a conversation; each takes one version."""

    MESSAGE_CREATED = "message.created"
    MESSAGE_UPDATED = "message.updated"
    MESSAGE_DELETED = "message.deleted"
    CONVERSATION_UPDATED = "conversation.updated"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_REMOVED = "participant.removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    user_id: str
    role: Role
    joined_version: int
    """The version of the conversation at which this person was (last) added; 0 for its founders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One participant's own settings in one conversation."""

    muted_until: datetime | None = None
    notify: Notify = Notify.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    id: str
    conversation_id: str
    seq: int
    version: int
    """The conversation's version at which this message last changed."""
    sender_id: str
    client_id: str | None
    text: str | None
    """None once the message is deleted."""
    reply_to: str | None
    mentions: tuple[str, ...]
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    content_hash: str
    """Digest of the first request's content: decides whether a reused `client_id` is a retry."""
    created_version: int | None = None
    """The conversation's version at which it was sent. An earlier release stores none."""

    @property
    def first_version(self) -> int | None:
        """The version at which it was sent; None where an earlier release sent and changed it."""
        if self.created_version is None and self.edited_at is None and self.deleted_at is None:
            return self.version
        return self.created_version


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
    """When the conversation was created or last spoken in: the order of conversation lists."""
    seq: int = 0
    """The number of its latest message; messages are numbered 1, 2, 3… without holes."""
    version: int = 0
    """The number of its durable changes."""
    last_message: Message | None = None
    sent_seq: Mapping[str, int] = field(default_factory=dict)
    """The latest own message of everybody who sent one: sending counts as reading up to there."""
    preferences: Mapping[str, Preferences] = field(default_factory=dict)
    """Only of those who changed theirs."""
    blocked_by: frozenset[str] = frozenset()
    """Who of a direct conversation's two people blocks the other."""
    frozen: bool = False
    """Whether an operator has stopped it: only owners and admins write until that is undone."""
    uncounted: Uncounted = ALL_COUNTED
    """The deleted messages, which are unread for nobody."""
    content_hash: str = ""
    """Digest of the founding request's content: decides whether a reused `client_id` is a retry."""
    commit_id: str = field(default="", compare=False, repr=False)
    """Random id of the commit that wrote it last: tells after a lost answer whose commit it was."""
    token: object = field(default=None, compare=False, repr=False)
    """What the store compares to know that nobody changed the conversation in between."""
    counted: bool = field(default=False, compare=False, repr=False)
    """Whether the store keeps what lists show of its people beside them. Only Firestore sets it:
    earlier releases did not write these fields, and the next commit adds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One person's place in a conversation: what `hello` and the unread total need of it."""

    conversation_id: str
    version: int
    """The version of the conversation at which this was read."""
    seq: int
    joined_version: int
    sent_seq: int = 0
    """The person's own latest message; 0 if there is none."""
    participant_count: int | None = None
    """None if an earlier release changed the people last: it is counted elsewhere then."""
    uncounted: Uncounted = ALL_COUNTED
    """As in `Conversation`; empty unless it was asked for."""
    preferences: Preferences = Preferences()
    """The person's own; the default unless they were asked for."""


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
    preferences: Preferences = Preferences()
    """The person's own."""
    blocked: bool = False
    """Whether one of a direct conversation's two people blocks the other."""
    frozen: bool = False
    uncounted: Uncounted = ALL_COUNTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """Somebody with whom a person shares a conversation, and where."""

    user_id: str
    conversation_id: str
    version: int
    """The version of the conversation at which this was read."""
    joined_version: int
    """The version at which the companion joined."""
    participant_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whether somebody may come in."""

    user_id: str
    valid_after: datetime | None = None
    """Whoever signed in up to this moment has to sign in again."""
    banned_until: datetime | None = None
    changed_at: datetime | None = None
    """None if it never did."""

    @property
    def banned(self) -> bool:
        """Whether a ban holds at this moment; it ends by itself."""
        return self.banned_until is not None and datetime.now(UTC) < self.banned_until

    def admits(self, signed_in_at: datetime) -> bool:
        return not self.banned and (self.valid_after is None or signed_in_at > self.valid_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPosition:
    """How far one participant has read and received one conversation."""

    user_id: str
    read_seq: int = 0
    delivered_seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One durable change of a conversation: what happened at one version."""

    type: ChangeType
    version: int
    message: Message | None = None
    participants: tuple[Participant, ...] = ()
    """Who was added or removed."""
    conversation: Conversation | None = None
    """How it stands after a change of people, roles or title."""
    by: str
    """Who did it."""


class TokenKind(StrEnum):
    """What a device's token is to Firebase Cloud Messaging."""

    TOKEN = "token"  # noqa: S105  a kind of token and none
    INSTALLATION_ID = "installation_id"


class Platform(StrEnum):
    ANDROID = "android"
    IOS = "ios"
    WEB = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where somebody's notifications go. A token belongs to one device of one person."""

    id: str
    """Chosen by the client; unique among its person's devices."""
    token: str = field(repr=False)
    token_kind: TokenKind
    platform: Platform
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """A stretch of every day without notifications; it may pass midnight."""

    time_zone: str
    """A name of the IANA time zone database."""
    start: time
    end: time
    """Exclusive."""


class AddedBy(StrEnum):
    """Who may add somebody to groups."""

    ANYONE = "anyone"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSettings:
    """What a person wants in all conversations."""

    quiet_hours: QuietHours | None = None
    push_text: bool = True
    """Whether notifications show the message, or only that there is one."""
    private_reading: bool = False
    """Whether others see nothing of what this person has read."""
    added_by: AddedBy = AddedBy.ANYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What somebody keeps from others."""

    user_id: str
    blocked: frozenset[str] = frozenset()
    """Whom they do not want to hear from."""
    private_reading: bool = False
    added_by: AddedBy = AddedBy.ANYONE
    left: Mapping[str, datetime] = field(default_factory=dict)
    """When they left groups on their own lately, by conversation id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who may be notified: their settings and their devices."""

    user_id: str
    settings: UserSettings = UserSettings()
    devices: tuple[Device, ...] = ()
    """None of somebody banned, nor any from before they logged out everywhere."""
    blocked: frozenset[str] = frozenset()
    """Whom they do not want to hear from."""


class Verdict(StrEnum):
    """What became of notifying one person of one message."""

    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether one person is notified of one message, and why (not)."""

    verdict: Verdict | None = None
    """None while somebody is at it."""
    reason: str = ""
    at: datetime
    devices: Mapping[str, str] = field(default_factory=dict)
    """By device id: `sent`, or what kept it from being sent."""
    claimed_until: datetime | None = None
    """While it is undecided: until when whoever is at it has it for themselves."""
    chunk: int = field(default=0, compare=False)
    """Where it is kept among those of its message; given by whoever reads it."""


class ReportStatus(StrEnum):
    """What operators made of a report."""

    OPEN = "open"
    DISMISSED = "dismissed"
    REDACTED = "redacted"
    """The message was taken away."""
    BANNED = "banned"
    """Its author was banned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A participant tells operators of a message. What the message said is kept beside it, see
    `messaging.stores.reports`."""

    id: str
    """Derived from who reports which message: each person reports a message once."""
    conversation_id: str
    message_id: str
    author_id: str
    """Who sent the message."""
    reporter_id: str
    reason: str
    created_at: datetime
    status: ReportStatus = ReportStatus.OPEN
    closed_at: datetime | None = None
    closed_by: str = ""
    """The operator's name in the admin."""


class PresenceStatus(StrEnum):
    ONLINE = "online"
    """Has a socket."""
    REACHABLE = "reachable"
    """Has none, but a device to be notified on."""
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPresence:
    user_id: str
    status: PresenceStatus
    last_active_at: datetime | None
    """When they last sent, read or typed something, or their client said that they are there."""
