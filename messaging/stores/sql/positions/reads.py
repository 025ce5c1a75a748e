"""How far people have read and received their conversations: the reads."""

from collections.abc import Sequence
from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.participant import ReadPosition
from messaging.models import ReadPositionRecord
from messaging.stores.positions import ChangedPositions
from messaging.stores.sql import rows
from messaging.stores.sql.connections import clock


def list_read_positions(database: BaseDatabaseWrapper, conversation_id: str) -> list[ReadPosition]:
    records = ReadPositionRecord.objects.using(database.alias).filter(
        conversation_id=conversation_id
    )
    return [rows.read_position(record) for record in records.order_by("user_id")]


def get_read_positions(
    database: BaseDatabaseWrapper, user_id: str, conversation_ids: Sequence[str]
) -> dict[str, ReadPosition]:
    records = ReadPositionRecord.objects.using(database.alias).filter(
        user_id=user_id, conversation_id__in=conversation_ids
    )
    return {record.conversation_id: rows.read_position(record) for record in records}


def list_changed_positions(
    database: BaseDatabaseWrapper, user_id: str, *, since: datetime, limit: int
) -> ChangedPositions:
    read_at = clock.now(database)
    changed = ReadPositionRecord.objects.using(database.alias).filter(
        user_id=user_id, updated_at__gte=since
    )
    records = changed.order_by("-updated_at")[:limit]
    return ChangedPositions(
        positions={record.conversation_id: rows.read_position(record) for record in records},
        read_at=read_at,
    )
