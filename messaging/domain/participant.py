"""A participant of a conversation: their role, their settings and how far they have read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Notify(StrEnum):
    """The messages of a conversation that send a push to the participant."""

    ALL = "all"
    MENTIONS = "mentions"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    user_id: str
    role: Role
    joined_version: int
    """The version of the conversation at which this person was last added; 0 for its creator and
    first participants."""
    visible_from: int = 1
    """The first message that this person may see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One participant's own settings in one conversation."""

    muted_until: datetime | None = None
    notify: Notify = Notify.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFlags:
    """What one participant has set in one conversation for themselves alone."""

    marked_unread: int | None = None
    """The message that the person marked as unread."""
    marked_read_seq: int | None = None
    """How far the person had read then. Reading further ends the mark, and so does sending."""
    pinned: bool = False
    archived_seq: int | None = None
    """The number of the latest message when the person archived the conversation; None if they did
    not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPosition:
    """How far one participant has read and received one conversation."""

    user_id: str
    read_seq: int = 0
    delivered_seq: int = 0
    flags: OwnFlags = OwnFlags()
    archived: bool = False
    """Whether the conversation is archived now. Not stored: `services.rules.own_positions` derives
    it from the flags and from what was written since."""
