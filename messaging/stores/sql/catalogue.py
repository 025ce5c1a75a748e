"""The catalogue on Django's ORM."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

from messaging.domain.conversation import Conversation
from messaging.domain.people import Access
from messaging.models import (
    DecisionRecord,
    DeviceRecord,
    MessageRecord,
    PersonRecord,
    ReadPositionRecord,
    RecipientRecord,
)
from messaging.stores.catalogue import FailedNotification, Place
from messaging.stores.sql import reads
from messaging.stores.sql.connections.calls import count
from messaging.stores.sql.decisions import people_of
from messaging.stores.sql.people import access_of, read_access
from messaging.stores.sql.store import SqlStore


class SqlCatalogue:
    """Implements `messaging.stores.catalogue.Catalogue` in the threads of the SQL store."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls

    async def list_conversations(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[Conversation]:
        found = await self._calls.read(
            "list_conversations",
            lambda database: reads.list_latest_conversations(database, limit=limit, after=after),
        )
        _count_read("list_conversations", found)
        return found

    async def list_frozen(self, *, limit: int, after: str = "") -> Sequence[Conversation]:
        found = await self._calls.read(
            "list_frozen",
            lambda database: reads.list_frozen_conversations(database, limit=limit, after=after),
        )
        _count_read("list_frozen", found)
        return found

    async def list_people(self, *, limit: int, after: str = "") -> Sequence[Access]:
        found = await self._calls.read(
            "list_people", lambda database: list_people(database, limit, after)
        )
        _count_read("list_people", found)
        return found

    async def list_banned(self, *, limit: int, after: Place | None = None) -> Sequence[Access]:
        found = await self._calls.read(
            "list_banned", lambda database: _list_banned(database, limit, after)
        )
        _count_read("list_banned", found)
        return found

    async def list_failed(
        self, *, limit: int, after: Place | None = None
    ) -> Sequence[FailedNotification]:
        found = await self._calls.read(
            "list_failed", lambda database: _list_failed(database, limit, after)
        )
        _count_read("list_failed", found)
        return found

    async def delete_messages(
        self, conversation_id: str, *, limit: int, decided_since: datetime | None = None
    ) -> int:
        deleted = await self._calls.write(
            "delete_messages", lambda database: _delete_some(database, conversation_id, limit)
        )
        count("delete_messages", read=max(deleted, 1), deleted=deleted)
        return deleted


def _count_read(operation: str, found: Sequence[object]) -> None:
    count(operation, read=max(len(found), 1))


def list_people(database: BaseDatabaseWrapper, limit: int, after: str) -> list[Access]:
    """List people. A person among the first of all is among the first of one of the tables."""
    first: set[str] = set()
    for model in (PersonRecord, RecipientRecord, DeviceRecord):
        listed = model.objects.using(database.alias).filter(user_id__gt=after)
        ids = listed.order_by("user_id").values_list("user_id", flat=True).distinct()
        first.update(ids[:limit])
    page = sorted(first)[:limit]
    known = PersonRecord.objects.using(database.alias).in_bulk(page)
    return [access_of(user_id, known.get(user_id)) for user_id in page]


def _list_banned(database: BaseDatabaseWrapper, limit: int, after: Place | None) -> list[Access]:
    """List banned people. Most bans are permanent and share one end time, so a page first continues
    within that time."""
    banned = PersonRecord.objects.using(database.alias).order_by("banned_until", "user_id")
    found: list[PersonRecord] = []
    past = datetime.now(UTC)
    if after is not None and after[0] > past:
        past, user_id = after
        found += banned.filter(banned_until=past, user_id__gt=user_id)[:limit]
    if len(found) < limit:
        found += banned.filter(banned_until__gt=past)[: limit - len(found)]
    return [read_access(record) for record in found]


def _list_failed(
    database: BaseDatabaseWrapper, limit: int, after: Place | None
) -> list[FailedNotification]:
    listed = DecisionRecord.objects.using(database.alias).filter(failed_at__isnull=False)
    if after is not None:
        failed_at, id_ = after
        _, message_id, chunk = id_.split(".")
        earlier = Q(message_id__lt=message_id) | Q(message_id=message_id, chunk__lt=int(chunk))
        listed = listed.filter(Q(failed_at__lte=failed_at), Q(failed_at__lt=failed_at) | earlier)
    return [
        FailedNotification(
            conversation_id=record.conversation_id,
            message_id=record.message_id,
            chunk=record.chunk,
            failed_at=record.failed_at,
            people=people_of(record),
        )
        for record in listed.order_by("-failed_at", "-message_id", "-chunk")[:limit]
        if record.failed_at is not None
    ]


def _delete_some(database: BaseDatabaseWrapper, conversation_id: str, limit: int) -> int:
    for model in (MessageRecord, ReadPositionRecord):
        records = model.objects.using(database.alias)
        some = records.filter(conversation_id=conversation_id).values_list("pk", flat=True)
        ids: list[Any] = list(some[:limit])
        if model is MessageRecord:
            decisions = DecisionRecord.objects.using(database.alias)
            decisions.filter(message_id__in=ids).delete()
        deleted, _ = records.filter(pk__in=ids).delete()
        if deleted:
            return deleted
    return 0
