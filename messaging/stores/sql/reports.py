"""Reports on Django's ORM."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.transaction import atomic

from messaging.domain.exceptions import MessageNotFound
from messaging.domain.fields.plain import attachments_data, attachments_of
from messaging.domain.message import Attachment
from messaging.domain.reports import Report, ReportCopy, ReportStatus
from messaging.models import MessageRecord, ReportCopyRecord, ReportRecord
from messaging.stores.catalogue import Place
from messaging.stores.reports import COPY_LIFETIME
from messaging.stores.shared import paging
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql.connections.calls import count
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.expired_rows import purge_expired
from messaging.stores.sql.store import SqlStore


class SqlReportStore:
    """Implements `messaging.stores.reports.ReportStore` in the threads of the SQL store."""

    def __init__(self, store: SqlStore) -> None:
        self._calls = store.calls

    async def put_report(self, report: Report, *, copy: ReportCopy) -> tuple[Report, bool]:
        stored, created = await self._calls.write(
            "put_report", lambda database: _put(database, report, copy)
        )
        count("put_report", read=1 + created, written=2 * created)
        return stored, created

    async def get_copy(self, report_id: str) -> ReportCopy | None:
        found = await self._calls.read("get_copy", lambda database: _get_copy(database, report_id))
        count("get_copy", read=1)
        return found

    async def has_copies(self, message_id: str) -> bool:
        found = await self._calls.read(
            "has_copies", lambda database: _has_copies(database, message_id)
        )
        count("has_copies", read=1)
        return found

    async def delete_copies(self, message_id: str) -> Collection[str]:
        copies = await self._calls.write(
            "delete_copies", lambda database: _delete_copies(database, message_id)
        )
        count("delete_copies", read=max(len(copies), 1), deleted=len(copies))
        return {one.id for attachments in copies for one in attachments}

    async def get_report(self, report_id: str) -> Report | None:
        found = await self._calls.read("get_report", lambda database: _get(database, report_id))
        count("get_report", read=1)
        return found

    async def list_reports(
        self,
        *,
        limit: int,
        after: Place | None = None,
        status: ReportStatus | None = None,
        author_id: str | None = None,
    ) -> Sequence[Report]:
        wanted: dict[str, Any] = {} if status is None else {"status": status.value}
        if author_id is not None:
            wanted["author_id"] = author_id
        found = await self._calls.read(
            "list_reports", lambda database: list_reports(database, limit, after, wanted)
        )
        count("list_reports", read=max(len(found), 1))
        return found

    async def list_reports_by(
        self, reporter_id: str, *, limit: int, after: str = ""
    ) -> Sequence[Report]:
        found = await self._calls.read("list_reports_by", _list_by, reporter_id, limit, after)
        count("list_reports_by", read=max(len(found), 1))
        return found

    async def close_report(self, report_id: str, status: ReportStatus, *, by: str) -> Report | None:
        closed = await self._calls.write(
            "close_report", lambda database: _close(database, report_id, status, by)
        )
        count("close_report", read=2, written=2)
        return closed


def _put(database: BaseDatabaseWrapper, report: Report, copy: ReportCopy) -> tuple[Report, bool]:
    records = ReportRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        purge_expired(database, ReportCopyRecord, now(database))
        record = records.filter(id=report.id).first()
        if record is not None:
            return _report(record), False
        _require_message(database, report.message_id)
        record, created = records.get_or_create(
            id=report.id,
            defaults={
                "conversation_id": report.conversation_id,
                "message_id": report.message_id,
                "author_id": report.author_id,
                "reporter_id": report.reporter_id,
                "reason": report.reason,
                "created_at": now(database),
                "status": report.status.value,
            },
        )
        if created:
            ReportCopyRecord.objects.using(database.alias).update_or_create(
                report_id=report.id,
                defaults={
                    "message_id": report.message_id,
                    "text": copy.text,
                    "attachments": attachments_data(copy.attachments) or None,
                },
            )
    return _report(record), created


def _require_message(database: BaseDatabaseWrapper, message_id: str) -> None:
    """Require that a message is not deleted, until the end of the transaction."""
    locked = MessageRecord.objects.using(database.alias).select_for_update()
    found = locked.filter(id=message_id).values_list("deleted_at", flat=True).first()
    if found is not None:
        raise MessageNotFound


def _get_copy(database: BaseDatabaseWrapper, report_id: str) -> ReportCopy | None:
    record = ReportCopyRecord.objects.using(database.alias).filter(report_id=report_id).first()
    if record is None or (record.expires_at is not None and record.expires_at <= now(database)):
        return None
    return ReportCopy(text=record.text, attachments=attachments_of(record.attachments))


def _has_copies(database: BaseDatabaseWrapper, message_id: str) -> bool:
    records = ReportCopyRecord.objects.using(database.alias).filter(message_id=message_id)
    lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=now(database))
    return records.filter(lasting).exists()


def _delete_copies(database: BaseDatabaseWrapper, message_id: str) -> list[tuple[Attachment, ...]]:
    """Delete copies. Return the attachments of each."""
    records = ReportCopyRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        found = records.select_for_update().filter(message_id=message_id)
        copies = {record.pk: attachments_of(record.attachments) for record in found}
        records.filter(pk__in=list(copies)).delete()
    return list(copies.values())


def _get(database: BaseDatabaseWrapper, report_id: str) -> Report | None:
    record = ReportRecord.objects.using(database.alias).filter(id=report_id).first()
    return None if record is None else _report(record)


def list_reports(
    database: BaseDatabaseWrapper, limit: int, after: Place | None, wanted: dict[str, Any]
) -> list[Report]:
    listed = ReportRecord.objects.using(database.alias).filter(**wanted)
    if after is not None:
        listed = listed.filter(paging.before(after, value="created_at"))
    return [_report(record) for record in listed.order_by("-created_at", "-id")[:limit]]


def _list_by(
    database: BaseDatabaseWrapper, reporter_id: str, limit: int, after: str
) -> list[Report]:
    made = ReportRecord.objects.using(database.alias).filter(reporter_id=reporter_id, id__gt=after)
    return [_report(record) for record in made.order_by("id")[:limit]]


def get_reports(database: BaseDatabaseWrapper, report_ids: Sequence[str]) -> list[Report]:
    """Return those of the reports that exist, in any order."""
    records = ReportRecord.objects.using(database.alias).filter(id__in=report_ids)
    return [_report(record) for record in records]


def _close(
    database: BaseDatabaseWrapper, report_id: str, status: ReportStatus, by: str
) -> Report | None:
    with atomic(using=database.alias):
        records = ReportRecord.objects.using(database.alias).select_for_update()
        record = records.filter(id=report_id).first()
        if record is None:
            return None
        record.status, record.closed_by, record.closed_at = status.value, by, now(database)
        record.save(update_fields=["status", "closed_by", "closed_at"])
        copies = ReportCopyRecord.objects.using(database.alias).filter(report_id=report_id)
        copies.update(expires_at=record.closed_at + COPY_LIFETIME)
        purge_expired(database, ReportCopyRecord, record.closed_at)
    return _report(record)


def _report(record: ReportRecord) -> Report:
    return Report(
        id=record.id,
        conversation_id=record.conversation_id,
        message_id=record.message_id,
        author_id=record.author_id,
        reporter_id=record.reporter_id,
        reason=record.reason,
        created_at=record.created_at,
        status=member_of(ReportStatus, record.status),
        closed_at=record.closed_at,
        closed_by=record.closed_by,
    )
