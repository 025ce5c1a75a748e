"""The interface of the link notes: which instances have lost Redis, for the other instances."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

LINK_NOTE_LIFETIME = timedelta(seconds=25)
"""How long a link note is valid unless it is renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkNotes:
    """The instances that report the loss of Redis."""

    boot_ids: frozenset[str]
    read_at: datetime
    """The store's time when it answered."""


class LinkNoteStore(Protocol):
    """The part of `messaging.stores.conversations.Store` that keeps the notes."""

    async def put_link_note(self, boot_id: str) -> None:
        """Record that this instance has lost Redis, for the other instances; one write."""

    async def delete_link_note(self, boot_id: str) -> None:
        """Delete that record, if it exists; one delete."""

    async def list_link_notes(self) -> LinkNotes:
        """Return the notes of the last `LINK_NOTE_LIFETIME`; one read if there are none."""
