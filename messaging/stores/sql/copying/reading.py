"""Reads what a copy is compared by, from SQL."""

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Max

from messaging.domain.files.stored_attachment import StoredAttachment
from messaging.exchange.records import FullReport, Person
from messaging.models import AttachmentRecord, MessageRecord
from messaging.stores.catalogue import Place
from messaging.stores.shared import paging
from messaging.stores.sql.attachments import records as attachment_rows
from messaging.stores.sql.exchange.reading import full_reports, people_of
from messaging.stores.sql.reports import get_reports as plain_reports


def last_message_version(database: BaseDatabaseWrapper, conversation_id: str) -> int:
    messages = MessageRecord.objects.using(database.alias).filter(conversation_id=conversation_id)
    last: int | None = messages.aggregate(last=Max("version"))["last"]
    return last or 0


def get_people(database: BaseDatabaseWrapper, user_ids: Sequence[str]) -> dict[str, Person]:
    return {one.user_id: one for one in people_of(database, user_ids) if one is not None}


def get_reports(database: BaseDatabaseWrapper, report_ids: Sequence[str]) -> dict[str, FullReport]:
    found = full_reports(database, plain_reports(database, report_ids))
    return {full.report.id: full for full in found}


def list_due_files(
    database: BaseDatabaseWrapper, *, limit: int, after: Place | None
) -> list[StoredAttachment]:
    due = AttachmentRecord.objects.using(database.alias).filter(sweep_at__isnull=False)
    if after is not None:
        due = due.filter(paging.beyond(after, value="sweep_at"))
    return [attachment_rows.attachment(one) for one in due.order_by("sweep_at", "id")[:limit]]
