"""How far people have read and received their conversations: the writes."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.models import ReadPositionRecord
from messaging.stores.positions import Advanced
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import time_of_write
from messaging.stores.sql.connections.shared_transactions import SharedTransactions
from messaging.stores.sql.positions import postgresql, sqlite
from messaging.stores.sql.positions.move import Move, size_of


class PositionStatements(Protocol):
    """The statements of read positions on one kind of database."""

    def advance(self, database: BaseDatabaseWrapper, move: Move) -> Advanced: ...

    def advance_together(
        self, database: BaseDatabaseWrapper, moves: Sequence[Move]
    ) -> Sequence[Advanced | None]: ...


def advance_read(database: BaseDatabaseWrapper, move: Move) -> Advanced:
    """Move one position forward, in a transaction of its own."""
    return _statements(database).advance(database, move)


def advance_read_together(
    database: BaseDatabaseWrapper, moves: Sequence[Move]
) -> Sequence[Advanced | None]:
    """Move positions forward in one transaction. A result is None if nothing was written, and the
    move must be tried alone."""
    return _statements(database).advance_together(database, moves)


def shared_moves(calls: Calls) -> SharedTransactions[Move, Advanced]:
    """Return a queue whose moves of several positions share transactions."""
    return SharedTransactions(
        calls,
        "advance_read",
        alone=advance_read,
        together=advance_read_together,
        size=size_of,
        repeatable=True,
    )


def advance_delivered(
    database: BaseDatabaseWrapper, conversation_id: str, user_id: str, seq: int
) -> None:
    records = ReadPositionRecord.objects.using(database.alias)
    own = records.filter(conversation_id=conversation_id, user_id=user_id)
    behind = own.filter(delivered_seq__lt=seq)
    if not behind.update(delivered_seq=seq) and not own.exists():
        records.get_or_create(conversation_id=conversation_id, user_id=user_id)
        behind.update(delivered_seq=seq)


def set_flags(
    database: BaseDatabaseWrapper, conversation_id: str, user_id: str, changes: Mapping[str, Any]
) -> None:
    ReadPositionRecord.objects.using(database.alias).update_or_create(
        conversation_id=conversation_id,
        user_id=user_id,
        defaults={**changes, "updated_at": time_of_write(database)},
    )


def limit_position(
    database: BaseDatabaseWrapper, conversation_id: str, user_id: str, seq: int
) -> None:
    own = ReadPositionRecord.objects.using(database.alias).filter(
        conversation_id=conversation_id, user_id=user_id
    )
    own.filter(read_seq__gt=seq).update(read_seq=seq, updated_at=time_of_write(database))
    own.filter(delivered_seq__gt=seq).update(delivered_seq=seq)


def _statements(database: BaseDatabaseWrapper) -> PositionStatements:
    return sqlite if database.vendor == "sqlite" else postgresql
