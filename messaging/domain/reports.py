"""Reports: a participant tells operators of a message."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
