"""The SQL store's read positions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from messaging.domain.participant import ReadPosition
from messaging.stores.positions import Advanced, ChangedPositions
from messaging.stores.shared.witness import Witness
from messaging.stores.sql.connections.calls import Calls, count, queried
from messaging.stores.sql.connections.shared_transactions import SharedTransactions
from messaging.stores.sql.positions import reads, writes
from messaging.stores.sql.positions.move import Move


class StoredPositions:
    """The part of the SQL store that keeps the positions. Implements
    `messaging.stores.positions.PositionStore`."""

    calls: Calls
    witness: Witness
    moves: SharedTransactions[Move, Advanced]

    async def list_read_positions(self, conversation_id: str) -> Sequence[ReadPosition]:
        found = await self.calls.read(
            "list_read_positions", reads.list_read_positions, conversation_id
        )
        count("list_read_positions", read=queried(len(found)))
        return found

    async def get_read_positions(
        self, user_id: str, conversation_ids: Sequence[str]
    ) -> Mapping[str, ReadPosition]:
        found = await self.calls.read(
            "get_read_positions", reads.get_read_positions, user_id, conversation_ids
        )
        count("get_read_positions", read=len(conversation_ids))
        return found

    async def list_changed_positions(
        self, user_id: str, *, since: datetime, limit: int
    ) -> ChangedPositions:
        changed = await self.calls.read(
            "list_changed_positions",
            reads.list_changed_positions,
            user_id,
            since=since,
            limit=limit,
        )
        count("list_changed_positions", read=queried(len(changed.positions)))
        return changed

    async def advance_read(self, conversation_id: str, user_id: str, seq: int) -> Advanced:
        advanced = await self.moves.write(Move(conversation_id, user_id, seq))
        self.witness.moved_position(conversation_id, user_id)
        count("advance_read", read=1, written=int(advanced.moved))
        return advanced

    async def advance_delivered(self, conversation_id: str, user_id: str, seq: int) -> None:
        await self.calls.write(
            "advance_delivered", writes.advance_delivered, conversation_id, user_id, seq
        )
        count("advance_delivered", written=1)
        self.witness.moved_position(conversation_id, user_id)

    async def set_flags(
        self, conversation_id: str, user_id: str, changes: Mapping[str, Any]
    ) -> None:
        await self.calls.write("set_flags", writes.set_flags, conversation_id, user_id, changes)
        count("set_flags", written=1)

    async def limit_position(self, conversation_id: str, user_id: str, seq: int) -> None:
        await self.calls.write(
            "limit_position", writes.limit_position, conversation_id, user_id, seq
        )
        count("limit_position", written=1)
