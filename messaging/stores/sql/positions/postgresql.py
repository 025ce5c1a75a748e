"""The statements of read positions on PostgreSQL. Each is a transaction of its own.

Each has one text for any number of positions: the values of a column are one array. So the server
prepares the statement once for each connection.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.stores.positions import Advanced
from messaging.stores.sql.connections.cursors import native_cursor
from messaging.stores.sql.positions.move import (
    CONVERSATION,
    DELIVERED,
    FLAGS,
    POSITION,
    POSITIONS,
    READ,
    UPDATED,
    USER,
    Move,
)

_OWN = f"{CONVERSATION} = %(conversation_id)s AND {USER} = %(user_id)s"
_MOVE = (
    f"UPDATE {POSITIONS} SET {READ} = %(seq)s, {DELIVERED} = greatest({DELIVERED}, %(seq)s),"  # noqa: S608
    f" {UPDATED} = statement_timestamp() WHERE {_OWN} AND {READ} < %(seq)s"
    f" RETURNING {POSITION}"
)
_READ = f"SELECT {POSITION} FROM {POSITIONS} WHERE {_OWN}"  # noqa: S608
_CREATE = (
    f"INSERT INTO {POSITIONS} ({CONVERSATION}, {USER}, {READ}, {DELIVERED}, {UPDATED})"  # noqa: S608
    " VALUES (%(conversation_id)s, %(user_id)s, 0, 0, statement_timestamp())"
    f" ON CONFLICT ({CONVERSATION}, {USER}) DO NOTHING"
)
_TOGETHER = (
    "WITH given AS (SELECT * FROM unnest(%(conversation_ids)s::text[], %(user_ids)s::text[],"  # noqa: S608
    " %(seqs)s::bigint[]) AS given (conversation_id, user_id, seq)),"
    # A row that another transaction has locked is left out: it delays nobody else, and two
    # instances that lock the same rows in another order cannot deadlock.
    f" free AS (SELECT given.*, stored.{READ} AS read_seq, stored.{DELIVERED} AS delivered_seq,"
    f" {', '.join(f'stored.{name}' for name in FLAGS)}"
    f" FROM {POSITIONS} stored JOIN given ON stored.{CONVERSATION} = given.conversation_id"
    f" AND stored.{USER} = given.user_id FOR NO KEY UPDATE OF stored SKIP LOCKED),"
    f" moved AS (UPDATE {POSITIONS} stored SET {READ} = free.seq,"
    f" {DELIVERED} = greatest(free.delivered_seq, free.seq), {UPDATED} = statement_timestamp()"
    f" FROM free WHERE stored.{CONVERSATION} = free.conversation_id"
    f" AND stored.{USER} = free.user_id AND free.seq > free.read_seq)"
    f" SELECT conversation_id, user_id, read_seq, delivered_seq, {', '.join(FLAGS)} FROM free"
)


def advance(database: BaseDatabaseWrapper, move: Move) -> Advanced:
    """Move one position forward. A position that moves takes one statement."""
    values = move._asdict()
    with native_cursor(database) as cursor:
        while True:
            cursor.execute(_MOVE, values)
            if (found := cursor.fetchone()) is not None:
                return move.advanced(*found, moved=True)
            cursor.execute(_READ, values)
            if (found := cursor.fetchone()) is not None:
                return move.advanced(*found, moved=False)
            cursor.execute(_CREATE, values)


def advance_together(
    database: BaseDatabaseWrapper, moves: Sequence[Move]
) -> Sequence[Advanced | None]:
    """Move positions forward by one statement. A result is None if the position does not exist yet,
    or is locked; then it must be tried alone."""
    # The statement updates a row once: a second move of one position must be tried alone.
    own = {(move.conversation_id, move.user_id): move for move in reversed(moves)}
    conversation_ids, user_ids, seqs = map(list, zip(*own.values(), strict=True))
    with native_cursor(database) as cursor:
        cursor.execute(
            _TOGETHER, {"conversation_ids": conversation_ids, "user_ids": user_ids, "seqs": seqs}
        )
        before = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
    return [
        _after(move, *before[key])
        if (key := (move.conversation_id, move.user_id)) in before and own[key] is move
        else None
        for move in moves
    ]


def _after(move: Move, read_seq: int, delivered_seq: int, *flags: Any) -> Advanced:
    if move.seq <= read_seq:
        return move.advanced(read_seq, delivered_seq, *flags, moved=False)
    return move.advanced(move.seq, max(move.seq, delivered_seq), *flags, moved=True)
