"""A message, as it is stored, delivered and notified."""

from dataclasses import dataclass
from datetime import datetime


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
