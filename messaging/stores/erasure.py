"""The interface of what an erasure does to a store, besides commits of conversations.

SQL and Firestore implement it; one contract suite checks both. Every method can be repeated.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messaging.domain.files.stored_attachment import StoredAttachment

Counts = Mapping[str, int]
"""How much was removed, by the kind of thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedReports:
    """What was done to the reports of a person, and about a person."""

    counts: Counts
    released: Collection[str]
    """The attachments of the copies that were deleted."""


class ErasureStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def list_positions(self, user_id: str, *, limit: int, after: str = "") -> Sequence[str]:
        """Return the ids of the first conversations after this id, ascending, in which a person has
        a read position: all that they are or were in. Firestore finds positions by the field
        `user_id`."""

    async def remove_position(self, conversation_id: str, user_id: str) -> None:
        """Remove a person's read position and flags in a conversation."""

    async def remove_decisions(
        self, conversation_id: str, message_ids: Sequence[str], user_id: str
    ) -> int:
        """Remove a person from the decisions about notifications of these messages. Return how many
        decisions that were. On Firestore, this costs a read for each message."""

    async def remove_reactions(self, user_id: str) -> int:
        """Remove entries of reactions that deleted messages have left. Return how many."""

    async def remove_account(self, user_id: str) -> Counts:
        """Remove a person's devices, settings, blocks and profile. Their ban and the time until
        which sign-ins are revoked stay."""

    async def remove_access(self, user_id: str, *, up_to: datetime) -> None:
        """End a revocation of sign-ins up to this time; if there is a later one, do nothing.
        Remove the person, unless a ban holds or they are back: then keep the ban or the account."""

    async def list_attachments(self, user_id: str, *, limit: int) -> Sequence[StoredAttachment]:
        """Return attachments of a person whose files the sweep has still to remove, or that were
        never sent."""

    async def erase_reports(self, user_id: str, erased_id: str) -> ErasedReports:
        """Name a person by another id in all reports. Delete the copies of closed reports about
        them, and the reasons that they gave in closed ones."""

    async def count_open_reports(self, erased_id: str) -> int:
        """Return how many open reports of or about an erased person keep their copy and reason."""
