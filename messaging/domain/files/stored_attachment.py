"""An attachment with its state, as the store keeps it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

UNSENT_LIFETIME = timedelta(days=1)
"""How long a file is kept that is not sent."""


class AttachmentStatus(StrEnum):
    PENDING = "pending"
    """Announced. The file is not uploaded, or not checked."""
    READY = "ready"
    """The file is checked and stored. It may be sent, or was."""
    DELETED = "deleted"
    """Its files are removed, or will be within a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAttachment:
    id: str
    conversation_id: str
    owner_id: str
    """The person who uploads it. Nobody else can send it."""
    filename: str
    content_type: str
    size: int
    """In bytes: as announced, once it is ready as stored."""
    created_at: datetime
    status: AttachmentStatus = AttachmentStatus.PENDING
    part: str | None = None
    """The name of its checked files in the storage."""
    width: int | None = None
    height: int | None = None
    has_thumbnail: bool = False
    message_id: str | None = None
    """The message that it was sent in. It is set by the commit that creates the message."""
    seq: int | None = None
    """The number of this message; None unless the attachment is listed."""
    sweep_at: datetime | None = None
    """When the sweep has to look at its files; None if there is nothing to do."""
    token: object = None
    """Proves that it has not changed since it was read."""

    @property
    def is_usable(self) -> bool:
        """Return whether a message may be sent with it."""
        return self.status is AttachmentStatus.READY and self.message_id is None
