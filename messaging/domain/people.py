"""People: their access, their settings, what they show and hide, and their presence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from messaging.domain.identifiers import is_service

FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of a permanent ban. Every store can represent it."""
ERASING = FOREVER - timedelta(days=1)
"""The end of the ban that holds until an erasure is done. It differs from the bans of operators, so
an erasure notices theirs."""

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whether a person may sign in."""

    user_id: str
    valid_after: datetime | None = None
    """Sign-ins up to this time are revoked."""
    banned_until: datetime | None = None
    changed_at: datetime | None = None
    """None if there was none."""

    @property
    def banned(self) -> bool:
        """Return whether a ban holds at this time. A ban ends by itself."""
        return self.banned_until is not None and datetime.now(UTC) < self.banned_until

    @property
    def erasing(self) -> bool:
        """Return whether an erasure of the person is under way."""
        return self.banned_until == ERASING

    def admits(self, signed_in_at: datetime) -> bool:
        """Return whether a sign-in is valid. The stores cut `valid_after` off to whole
        milliseconds, so all sign-ins of that millisecond are revoked."""
        if self.banned:
            return False
        return self.valid_after is None or signed_in_at >= self.valid_after + _MILLISECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """A daily period without notifications. It may pass midnight."""

    time_zone: str
    """A name of the IANA time zone database."""
    start: time
    end: time
    """Exclusive."""


class AddedBy(StrEnum):
    """Who may add a person to groups."""

    ANYONE = "anyone"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSettings:
    """A person's settings for all conversations."""

    quiet_hours: QuietHours | None = None
    push_text: bool = True
    """Whether notifications show the message's text, or only that there is a message."""
    private_reading: bool = False
    """Whether a person's read position is hidden from others."""
    added_by: AddedBy = AddedBy.ANYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What a person hides from others."""

    user_id: str
    blocked: frozenset[str] = frozenset()
    """The people whom they block."""
    private_reading: bool = False
    added_by: AddedBy = AddedBy.ANYONE
    left: Mapping[str, datetime] = field(default_factory=dict)
    """When they recently left groups voluntarily, by conversation id."""
    erasing: bool = False
    """Whether an erasure of the person is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What others see of a person besides the user id."""

    user_id: str
    name: str | None = None
    """None if it was never set, and empty once the person has removed it: only a name that was
    never set is taken from a token."""
    picture: str | None = None
    """An https URL; None and empty as for the name."""

    @property
    def shown_name(self) -> str:
        """Return the name, or the user id of a person without one."""
        return self.name or self.user_id

    @property
    def is_service(self) -> bool:
        return is_service(self.user_id)


class PresenceStatus(StrEnum):
    ONLINE = "online"
    """The person has a socket."""
    REACHABLE = "reachable"
    """The person has no socket, but a device that gets pushes."""
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPresence:
    user_id: str
    status: PresenceStatus
    last_active_at: datetime | None
    """When the person last sent, read or typed something, or their client reported activity."""
