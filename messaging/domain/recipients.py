"""Recipients of notifications: their devices, and what was decided for each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from messaging.domain.people import UserSettings


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
