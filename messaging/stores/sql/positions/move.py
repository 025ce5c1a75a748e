"""One read position that moves forward, and the names that statements give its columns.

Names come from the model, so a migration cannot drift from the statements.
"""

from dataclasses import fields
from typing import Any, NamedTuple

from messaging.domain.fields.codec import default_of, types_of
from messaging.domain.participant import OwnFlags, ReadPosition
from messaging.models import ReadPositionRecord
from messaging.stores.positions import Advanced
from messaging.stores.sql import rows
from messaging.stores.sql.connections.shared_transactions import Size

_columns = {
    field.attname: f'"{field.column}"' for field in ReadPositionRecord._meta.concrete_fields
}
POSITIONS = f'"{ReadPositionRecord._meta.db_table}"'
CONVERSATION, USER = _columns["conversation_id"], _columns["user_id"]
READ, DELIVERED = _columns["read_seq"], _columns["delivered_seq"]
UPDATED = _columns["updated_at"]
FLAGS = [_columns[name] for name in types_of(OwnFlags)]
POSITION = ", ".join([READ, DELIVERED, *FLAGS])
"""The columns of a whole position. `Move.advanced` takes their values."""


UNSET = tuple(default_of(field) for field in fields(OwnFlags))
"""The flags of a person who has set none."""


class Move(NamedTuple):
    conversation_id: str
    user_id: str
    seq: int

    def advanced(self, read_seq: int, delivered_seq: int, *flags: Any, moved: bool) -> Advanced:
        """Return the answer: the position that holds now."""
        own = OwnFlags() if flags == UNSET else rows.own_flags(*flags)
        position = ReadPosition(
            user_id=self.user_id, read_seq=read_seq, delivered_seq=delivered_seq, flags=own
        )
        return Advanced(position=position, moved=moved)


def size_of(_: Move) -> Size:
    return Size(rows=1, bytes=0)
