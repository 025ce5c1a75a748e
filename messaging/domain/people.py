"""People: their access, their settings, what they hide, and their presence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of what has none; every store can keep it."""


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
