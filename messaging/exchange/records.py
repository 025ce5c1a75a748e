"""The records of the exchange format, one for each line of a file.

`messaging.exchange.lines` encodes them. Times are in UTC. A record contains whatever every store
keeps; what one store keeps for itself alone (tokens, shards, the time of the latest write) is in no
record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from messaging.domain.conversation import Conversation
from messaging.domain.fields.earlier_texts import NO_EARLIER_TEXTS, EarlierTexts
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.message import Message, PersonReactions
from messaging.domain.participant import ReadPosition
from messaging.domain.people import UserSettings
from messaging.domain.recipients import Device
from messaging.domain.reports import Report, ReportCopy

FORMAT = "chat-exchange"
EXPORT_SOURCE = "export_user"
"""The `source` of a person's export. It has their messages alone, so it is never loaded."""
VERSION = 1
"""The version that this release writes, and the highest that it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line."""

    made_at: datetime
    source: str = ""
    """What made the file: the name of a store or of another product."""
    id: str
    """The random id of the file."""
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a store keeps of a person outside of conversations."""

    user_id: str
    name: str | None = None
    """None if it was never set, empty once it was removed."""
    picture: str | None = None
    valid_after: datetime | None = None
    """Sign-ins up to this time are revoked."""
    banned_until: datetime | None = None
    settings: UserSettings = UserSettings()
    blocked: tuple[str, ...] = ()
    """The people whom they block, ascending."""
    left: Mapping[str, datetime] = field(default_factory=dict)
    """When they recently left groups voluntarily, by conversation id."""
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FullMessage:
    """A message with everything that belongs to it."""

    message: Message
    earlier: EarlierTexts = NO_EARLIER_TEXTS
    reactions: Sequence[PersonReactions] = ()
    """The reactions of each person, by user id ascending."""
    files: Sequence[StoredAttachment] = ()
    """The state of its attachments, in the message's order."""
    paths: Mapping[str, str] = field(default_factory=dict)
    """The paths of the attachments' files in the folder of an import, by attachment id. They are in
    no line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A person's read position."""

    conversation_id: str
    position: ReadPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A person's reactions to the message of somebody else, in the export of this person. In a dump
    they belong to the message."""

    conversation_id: str
    message_id: str
    user_id: str
    emojis: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationEnd:
    """The line after the messages of a conversation."""

    conversation_id: str
    messages: int
    """How many there are."""
    hash: str | None = None
    """The digest of the conversation's lines, see `messaging.exchange.hashing`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FullReport:
    """A report with the copy of what was reported."""

    report: Report
    copy: ReportCopy | None = None
    """None once it was deleted or has expired."""
    copy_expires_at: datetime | None = None
    files: Sequence[StoredAttachment] = ()
    """The state of the copied attachments, as far as they exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The last line. Without it, the file is not complete."""

    records: int
    """The lines before it."""


Record = (
    Header
    | Person
    | Conversation
    | Position
    | FullMessage
    | Reaction
    | ConversationEnd
    | FullReport
    | End
)
"""A conversation's line has no `last_message`: that is the last of its messages."""
