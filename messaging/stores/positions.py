"""The interface of the read positions: how far each person has read and received a conversation,
and what they have set for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from messaging.domain.participant import ReadPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """The result of moving a read position forward."""

    position: ReadPosition
    moved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPositions:
    positions: Mapping[str, ReadPosition]
    """By conversation id, latest change first."""
    read_at: datetime
    """The store's time when it answered."""


class PositionStore(Protocol):
    """The part of `messaging.stores.conversations.Store` that keeps the positions."""

    async def list_read_positions(self, conversation_id: str) -> Sequence[ReadPosition]:
        """Return the positions of all present and former participants."""

    async def get_read_positions(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        """Return one person's positions by conversation id; missing ones are left out."""

    async def list_changed_positions(
        self, user_id: str, *, since: datetime, limit: int
    ) -> ChangedPositions:
        """Return one person's positions that changed at or after `since`: the person read further,
        changed settings or was added. At most `limit`, the latest first. Positions that only an
        earlier release has written are not found."""

    async def advance_read(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        """Move a person's `read_seq` (and `delivered_seq`) forward to `seq` in a transaction; never
        back, even in a race."""

    async def advance_delivered(self, conversation_id: str, user_id: str, seq: int) -> None:
        """Move a person's `delivered_seq` forward to `seq`, never back; one write, no read."""

    async def set_flags(
        self, conversation_id: str, user_id: str, changes: Mapping[str, Any]
    ) -> None:
        """Change the given fields of a person's `OwnFlags`; one write, no read. Other fields, and
        concurrent changes of them, are kept."""

    async def limit_position(self, conversation_id: str, user_id: str, seq: int) -> None:
        """Move a person's `read_seq` and `delivered_seq` back to `seq` if they are beyond it,
        because a restore set the conversation back. One write; none if there is no position."""
