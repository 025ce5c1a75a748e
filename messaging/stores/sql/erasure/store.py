"""What an erasure does to the SQL store, besides commits of conversations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.transaction import atomic

from messaging.domain.fields.plain import attachments_of
from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.domain.reports import ReportStatus
from messaging.models import (
    AttachmentRecord,
    DecisionRecord,
    DeviceRecord,
    PersonRecord,
    ReactionRecord,
    ReadPositionRecord,
    RecipientRecord,
    ReportCopyRecord,
    ReportRecord,
)
from messaging.stores.erasure import Counts, ErasedReports
from messaging.stores.sql.attachments import records as attachment_rows
from messaging.stores.sql.connections.calls import count, queried
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.store import SqlStore

_NO_ACCOUNT: dict[str, Any] = {
    "blocked": [],
    "private_reading": False,
    "added_by": "anyone",
    "left_groups": {},
    "name": None,
    "picture": None,
}


class SqlErasureStore:
    """Implements `messaging.stores.erasure.ErasureStore` in the threads of the SQL store."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls

    async def list_positions(self, user_id: str, *, limit: int, after: str = "") -> Sequence[str]:
        found = await self._calls.read("list_positions", _list_positions, user_id, limit, after)
        count("list_positions", read=queried(len(found)))
        return found

    async def remove_position(self, conversation_id: str, user_id: str) -> None:
        await self._calls.write("remove_position", _remove_position, conversation_id, user_id)
        count("remove_position", deleted=1)

    async def remove_decisions(
        self, conversation_id: str, message_ids: Sequence[str], user_id: str
    ) -> int:
        if not message_ids:
            return 0
        removed = await self._calls.write(
            "remove_decisions", _remove_decisions, message_ids, user_id
        )
        count("remove_decisions", read=len(message_ids), written=removed)
        return removed

    async def remove_reactions(self, user_id: str) -> int:
        removed = await self._calls.write("remove_person_reactions", _remove_reactions, user_id)
        count("remove_person_reactions", read=1, deleted=removed)
        return removed

    async def remove_account(self, user_id: str) -> Counts:
        counts = await self._calls.write("remove_account", _remove_account, user_id)
        count("remove_account", read=1, written=1, deleted=sum(counts.values()))
        return counts

    async def remove_access(self, user_id: str, *, up_to: datetime) -> None:
        await self._calls.write("remove_access", _remove_access, user_id, up_to)
        count("remove_access", read=1, written=1)

    async def list_attachments(self, user_id: str, *, limit: int) -> Sequence[StoredAttachment]:
        found = await self._calls.read("list_person_attachments", _list_attachments, user_id, limit)
        count("list_person_attachments", read=queried(len(found)))
        return found

    async def erase_reports(self, user_id: str, erased_id: str) -> ErasedReports:
        erased = await self._calls.write("erase_reports", _erase_reports, user_id, erased_id)
        count("erase_reports", read=1, written=sum(erased.counts.values()))
        return erased

    async def count_open_reports(self, erased_id: str) -> int:
        found = await self._calls.read("count_open_reports", _count_open_reports, erased_id)
        count("count_open_reports", read=1)
        return found


def _list_positions(
    database: BaseDatabaseWrapper, user_id: str, limit: int, after: str
) -> list[str]:
    records = ReadPositionRecord.objects.using(database.alias).filter(user_id=user_id)
    found = records.filter(conversation_id__gt=after).order_by("conversation_id")
    return list(found.values_list("conversation_id", flat=True)[:limit])


def _remove_position(database: BaseDatabaseWrapper, conversation_id: str, user_id: str) -> None:
    records = ReadPositionRecord.objects.using(database.alias)
    records.filter(conversation_id=conversation_id, user_id=user_id).delete()


def _remove_decisions(
    database: BaseDatabaseWrapper, message_ids: Sequence[str], user_id: str
) -> int:
    removed = 0
    with atomic(using=database.alias):
        records = DecisionRecord.objects.using(database.alias).select_for_update()
        for record in records.filter(message_id__in=message_ids):
            if record.people.pop(user_id, None) is not None:
                record.save(update_fields=["people"])
                removed += 1
    return removed


def _remove_reactions(database: BaseDatabaseWrapper, user_id: str) -> int:
    removed, _ = ReactionRecord.objects.using(database.alias).filter(user_id=user_id).delete()
    return removed


def _remove_account(database: BaseDatabaseWrapper, user_id: str) -> Counts:
    with atomic(using=database.alias):
        devices, _ = DeviceRecord.objects.using(database.alias).filter(user_id=user_id).delete()
        settings, _ = RecipientRecord.objects.using(database.alias).filter(user_id=user_id).delete()
        person = PersonRecord.objects.using(database.alias).filter(user_id=user_id)
        record = person.select_for_update().first()
        profiles = 0
        if record is not None and _has_account(record):
            profiles = person.update(**_NO_ACCOUNT)
    return {"devices": devices, "settings": settings, "profiles": profiles}


def _has_account(record: PersonRecord) -> bool:
    """Return whether a row has more than the person's access."""
    return any(getattr(record, name) != value for name, value in _NO_ACCOUNT.items())


def _remove_access(database: BaseDatabaseWrapper, user_id: str, up_to: datetime) -> None:
    person = PersonRecord.objects.using(database.alias).filter(user_id=user_id)
    with atomic(using=database.alias):
        record = person.select_for_update().first()
        if record is None or (record.valid_after is not None and record.valid_after > up_to):
            return
        at = now(database)
        if record.banned_until is not None and record.banned_until > at:
            person.update(valid_after=None, access_changed_at=at)
        elif _has_account(record):  # the person is back
            person.update(valid_after=None, banned_until=None, access_changed_at=None)
        else:
            person.delete()


def _list_attachments(
    database: BaseDatabaseWrapper, user_id: str, limit: int
) -> list[StoredAttachment]:
    records = AttachmentRecord.objects.using(database.alias)
    found = records.filter(sweep_at__isnull=False, owner_id=user_id).order_by("sweep_at")[:limit]
    return [attachment_rows.attachment(record) for record in found]


def _erase_reports(database: BaseDatabaseWrapper, user_id: str, erased_id: str) -> ErasedReports:
    reports = ReportRecord.objects.using(database.alias)
    about, made = reports.filter(author_id=user_id), reports.filter(reporter_id=user_id)
    with atomic(using=database.alias):
        open_ = ReportStatus.OPEN.value
        closed = list(about.exclude(status=open_).values_list("id", flat=True))
        copies = ReportCopyRecord.objects.using(database.alias).filter(report_id__in=closed)
        released = {one.id for copy in copies for one in attachments_of(copy.attachments)}
        deleted, _ = copies.delete()
        made.exclude(status=open_).update(reason="")
        named = about.update(author_id=erased_id) + made.update(reporter_id=erased_id)
    return ErasedReports(
        counts={"reports": named, "report_copies": deleted},
        released=released,
    )


def _count_open_reports(database: BaseDatabaseWrapper, erased_id: str) -> int:
    reports = ReportRecord.objects.using(database.alias).filter(status=ReportStatus.OPEN.value)
    return reports.filter(Q(author_id=erased_id) | Q(reporter_id=erased_id)).count()
