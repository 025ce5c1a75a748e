"""One read position that moves forward, and the names that statements give its columns.

Names come from the model, so a migration cannot drift from the statements.
"""

from typing import NamedTuple

from messaging.domain.participant import ReadPosition
from messaging.models import ReadPositionRecord
from messaging.stores.conversations import Advanced
from messaging.stores.sql.connections.shared_transactions import Size

_columns = {
    field.attname: f'"{field.column}"' for field in ReadPositionRecord._meta.concrete_fields
}
POSITIONS = f'"{ReadPositionRecord._meta.db_table}"'
CONVERSATION, USER = _columns["conversation_id"], _columns["user_id"]
READ, DELIVERED = _columns["read_seq"], _columns["delivered_seq"]
UPDATED = _columns["updated_at"]


class Move(NamedTuple):
    conversation_id: str
    user_id: str
    seq: int

    def advanced(self, read_seq: int, delivered_seq: int, *, moved: bool) -> Advanced:
        """Return the answer: the position that holds now."""
        position = ReadPosition(
            user_id=self.user_id, read_seq=read_seq, delivered_seq=delivered_seq
        )
        return Advanced(position=position, moved=moved)


def size_of(_: Move) -> Size:
    return Size(rows=1, bytes=0)
