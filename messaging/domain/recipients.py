"""Recipients of notifications: their devices, and the decisions about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from messaging.domain.people import UserSettings


class TokenKind(StrEnum):
    """The kind of a device's token in Firebase Cloud Messaging."""

    TOKEN = "token"  # noqa: S105  a kind of token and none
    INSTALLATION_ID = "installation_id"


class Platform(StrEnum):
    ANDROID = "android"
    IOS = "ios"
    WEB = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that gets a person's notifications. A token belongs to one device of one person."""

    id: str
    """Chosen by the client, and unique among the person's devices."""
    token: str = field(repr=False)
    token_kind: TokenKind
    platform: Platform
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person who may be notified: their settings and their devices."""

    user_id: str
    settings: UserSettings = UserSettings()
    devices: tuple[Device, ...] = ()
    """Empty for a banned person. Devices from before a logout everywhere are left out."""
    blocked: frozenset[str] = frozenset()
    """The people whom they block."""


class Verdict(StrEnum):
    """The result of notifying one person of one message."""

    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a person gets a push, or not, by the rules of `notifications.policy`."""

    # sent
    ABSENT = "absent"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    # dropped
    NOT_A_PARTICIPANT = "not_a_participant"
    DELETED = "deleted"
    READ = "read"
    ACKNOWLEDGED = "acknowledged"
    """By a connection that the person is using. It is never recorded, but derived."""
    MUTED = "muted"
    NOT_MENTIONED = "not_mentioned"
    NOTIFICATIONS_OFF = "notifications_off"
    QUIET_HOURS = "quiet_hours"
    BLOCKED = "blocked"
    NO_DEVICE = "no_device"
    """Checked before the conversation is read: nothing else matters for a person without a device.
    It is recorded only for a person who lost the device lately; otherwise it is derived."""
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The decision whether one person is notified of one message, and the reason."""

    verdict: Verdict | None = None
    """None while a process is working on it."""
    reason: str = ""
    at: datetime
    devices: Mapping[str, str] = field(default_factory=dict)
    """By device id: `sent`, or the reason why not."""
    claimed_until: datetime | None = None
    """While it is undecided: the end of the lease of the process that works on it."""
    chunk: int = field(default=0, compare=False)
    """Its place among the decisions of the message, set by the reader."""
