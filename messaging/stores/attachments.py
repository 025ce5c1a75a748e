"""The interface of the attachment store: which files people have uploaded, and what for.

SQL and Firestore implement it; one contract suite checks both. The commit of a message marks its
attachments itself (`Commit.attached`, `Commit.released`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messaging.domain.files.stored_attachment import StoredAttachment

SharedPlace = tuple[int, str]
"""The `seq` and the id of an attachment: its place in the list of a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAttachments:
    attachments: Sequence[StoredAttachment]
    read_at: datetime
    """The store's time of the answer."""


class AttachmentStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def create(self, attachment: StoredAttachment) -> StoredAttachment:
        """Store a new attachment, with the store's time for `created_at`. One write."""

    async def get(self, attachment_ids: Sequence[str]) -> Mapping[str, StoredAttachment]:
        """Return those of the attachments that exist, by id. One read each."""

    async def replace(self, before: StoredAttachment, after: StoredAttachment) -> bool:
        """Store another state, unless the attachment has changed since `before` was read. Return
        whether it was stored. `COMMIT_TIME` becomes the store's time."""

    async def list_shared(
        self,
        conversation_id: str,
        *,
        first_seq: int,
        limit: int,
        after: SharedPlace | None = None,
    ) -> Sequence[StoredAttachment]:
        """Return the attachments of messages from `first_seq` on, by (`seq`, id), descending, after
        a place."""

    async def list_due(self, *, limit: int) -> DueAttachments:
        """Return attachments whose `sweep_at` has passed, the oldest first."""

    async def remove(self, attachment_id: str) -> None:
        """Remove an attachment. Idempotent."""
