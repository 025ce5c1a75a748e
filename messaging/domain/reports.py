"""Reports of messages to operators."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from messaging.domain.message import Attachment


class ReportStatus(StrEnum):
    """The operators' decision on a report."""

    OPEN = "open"
    DISMISSED = "dismissed"
    REDACTED = "redacted"
    """The message was redacted."""
    BANNED = "banned"
    """Its author was banned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCopy:
    """What a message contained when it was reported."""

    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report of a message by a participant, or of a text by moderation. The copy of the text is
    stored separately."""

    id: str
    """Derived from the reporter and the message: each person reports a message once."""
    conversation_id: str
    """Empty for the name of a person."""
    message_id: str
    """Empty for a title or a name."""
    author_id: str
    """The sender of the message, or the person whose name or title it is."""
    reporter_id: str
    reason: str
    created_at: datetime
    status: ReportStatus = ReportStatus.OPEN
    closed_at: datetime | None = None
    closed_by: str = ""
    """The operator's name in the admin."""
