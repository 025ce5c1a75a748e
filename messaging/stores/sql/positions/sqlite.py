"""The statements of read positions on SQLite."""

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.transaction import atomic

from messaging.stores.positions import Advanced
from messaging.stores.sql.connections.clock import now, sqlite_time
from messaging.stores.sql.connections.cursors import native_cursor
from messaging.stores.sql.positions.move import (
    CONVERSATION,
    DELIVERED,
    POSITION,
    POSITIONS,
    READ,
    UNSET,
    UPDATED,
    USER,
    Move,
)

_READ = f"SELECT {POSITION} FROM {POSITIONS} WHERE {CONVERSATION} = ? AND {USER} = ?"  # noqa: S608
_MOVE = (
    f"UPDATE {POSITIONS} SET {READ} = ?, {DELIVERED} = ?, {UPDATED} = ?"  # noqa: S608
    f" WHERE {CONVERSATION} = ? AND {USER} = ?"
)
_CREATE = (
    f"INSERT INTO {POSITIONS} ({READ}, {DELIVERED}, {UPDATED}, {CONVERSATION}, {USER})"  # noqa: S608
    " VALUES (?, ?, ?, ?, ?)"
)


def advance(database: BaseDatabaseWrapper, move: Move) -> Advanced:
    """Move one position forward."""
    (advanced,) = advance_together(database, [move])
    return advanced


def advance_together(database: BaseDatabaseWrapper, moves: Sequence[Move]) -> Sequence[Advanced]:
    """Move positions forward in one transaction, which is synced to the disk once. SQLite has one
    writer, so nothing changes between a statement and the next."""
    with atomic(using=database.alias), native_cursor(database) as cursor:
        at = sqlite_time(now(database))
        return [_advance(cursor, move, at) for move in moves]


def _advance(cursor: CursorWrapper, move: Move, at: str) -> Advanced:
    cursor.execute(_READ, (move.conversation_id, move.user_id))
    found = cursor.fetchone()
    read_seq, delivered_seq, *flags = found or (0, 0, *UNSET)
    moved = move.seq > read_seq
    if moved:
        read_seq, delivered_seq = move.seq, max(move.seq, delivered_seq)
    if moved or found is None:
        values = (read_seq, delivered_seq, at, move.conversation_id, move.user_id)
        cursor.execute(_CREATE if found is None else _MOVE, values)
    return move.advanced(read_seq, delivered_seq, *flags, moved=moved)
