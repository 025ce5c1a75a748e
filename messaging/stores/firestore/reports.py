"""Reports on Cloud Firestore: documents `reports/{id}`.

Their lists use indexes on the time alone, which support 500 writes a second: far more than there
are reports.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.exceptions import MessageNotFound, StoreUnavailable
from messaging.domain.fields.plain import attachments_data, attachments_of
from messaging.domain.message import Attachment
from messaging.domain.reports import Report, ReportCopy, ReportStatus
from messaging.stores.catalogue import Place
from messaging.stores.firestore.client.errors import DocumentMissing
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.client.transactions import Transaction
from messaging.stores.firestore.documents.messages import decode_message, message_name
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import (
    Reference,
    plain_map,
    plain_time,
    read_text,
    read_time,
)
from messaging.stores.reports import COPY_LIFETIME
from messaging.stores.shared.stored_enums import member_of

_DELETED_AT_ONCE = 300


class FirestoreReportStore:
    """Implements `messaging.stores.reports.ReportStore` on the Firestore store's connection."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._transactions = store.transactions
        self._database = store.connection.database

    async def put_report(self, report: Report, *, copy: ReportCopy) -> tuple[Report, bool]:
        name = self._report(report.id)

        async def put(transaction: Transaction) -> bool:
            if await transaction.get(name) is not None:
                return transaction.repeated
            if report.message_id:
                await self._require_message(transaction, report)
            fields = {
                "conversation_id": report.conversation_id,
                "message_id": report.message_id,
                "author_id": report.author_id,
                "reporter_id": report.reporter_id,
                "reason": report.reason,
                "created_at": COMMIT_TIME,
                "status": report.status.value,
            }
            copied = {
                "message_id": report.message_id,
                "text": copy.text,
                "attachments": attachments_data(copy.attachments),
            }
            transaction.writes.set(name, fields)
            transaction.writes.set(self._copy(report.id), copied)
            return True

        created = await self._transactions.run("put_report", name, put)
        stored = await self.get_report(report.id)
        if stored is None:
            raise StoreUnavailable
        return stored, created

    async def _require_message(self, transaction: Transaction, report: Report) -> None:
        name = message_name(self._database, report.conversation_id, report.message_id)
        found = await transaction.get(name)
        if found is not None and decode_message(found).deleted_at is not None:
            raise MessageNotFound

    async def get_copy(self, report_id: str) -> ReportCopy | None:
        found = await self._connection.get("get_copy", [self._copy(report_id)])
        if not found:
            return None
        if not _lasts(found[0]):
            return None
        text = read_text(found[0].fields["text"])
        if text is None:
            return None  # it was deleted while its report was closed
        return ReportCopy(text=text, attachments=copied_attachments(found[0]))

    async def has_copies(self, message_id: str) -> bool:
        found = await self._connection.query(
            "has_copies",
            self._database.root,
            query("report_copies", ("message_id", "==", message_id), only=["expires_at"]),
        )
        return any(_lasts(document) for document in found)

    async def delete_copies(self, message_id: str) -> Collection[str]:
        attachment_ids: set[str] = set()
        while True:
            found = await self._connection.query(
                "delete_copies",
                self._database.root,
                query("report_copies", ("message_id", "==", message_id), limit=_DELETED_AT_ONCE),
            )
            if found:
                writes = Writes(self._database)
                for document in found:
                    attachment_ids |= {one.id for one in copied_attachments(document)}
                    writes.delete(document.name)
                await self._connection.write("delete_copies", writes)
            if len(found) < _DELETED_AT_ONCE:
                return attachment_ids

    async def get_report(self, report_id: str) -> Report | None:
        found = await self._connection.get("get_report", [self._report(report_id)])
        return read_report(found[0]) if found else None

    async def list_reports(
        self,
        *,
        limit: int,
        after: Place | None = None,
        status: ReportStatus | None = None,
        author_id: str | None = None,
    ) -> Sequence[Report]:
        where = [] if status is None else [("status", "==", status.value)]
        if author_id is not None:
            where.append(("author_id", "==", author_id))
        found = await self._connection.query(
            "list_reports",
            self._database.root,
            query(
                "reports",
                *where,
                order_by=[("created_at", "descending"), ("__name__", "descending")],
                start_after=() if after is None else (after[0], Reference(self._report(after[1]))),
                limit=limit,
            ),
        )
        return [read_report(document) for document in found]

    async def list_reports_by(
        self, reporter_id: str, *, limit: int, after: str = ""
    ) -> Sequence[Report]:
        found = await self._connection.query(
            "list_reports_by",
            self._database.root,
            query(
                "reports",
                ("reporter_id", "==", reporter_id),
                order_by=[("__name__", "ascending")],
                start_after=(Reference(self._report(after)),) if after else (),
                limit=limit,
            ),
        )
        return [read_report(document) for document in found]

    async def close_report(self, report_id: str, status: ReportStatus, *, by: str) -> Report | None:
        writes = Writes(self._database)
        fields = {"status": status.value, "closed_by": by, "closed_at": COMMIT_TIME}
        writes.update(self._report(report_id), fields, mask=["status", "closed_by"])
        copy = self._copy(report_id)
        if await self._connection.get("close_report", [copy]):
            expires_at = datetime.now(UTC) + COPY_LIFETIME
            writes.put(copy, {"expires_at": expires_at}, mask=["expires_at"])
        try:
            await self._connection.write("close_report", writes)
        except DocumentMissing:
            return None
        return await self.get_report(report_id)

    def _report(self, report_id: str) -> str:
        return self._database.document("reports", report_id)

    def _copy(self, report_id: str) -> str:
        """Return the document of the copy. It is separate from the report, because its text expires
        earlier, by a time-to-live policy."""
        return self._database.document("report_copies", report_id)


def _lasts(copy: Any) -> bool:
    """Return whether a copy has not expired. The time-to-live policy is up to a day late."""
    expires_at = read_time(copy.fields["expires_at"])
    return expires_at is None or expires_at > datetime.now(UTC)


def copied_attachments(copy: Any) -> tuple[Attachment, ...]:
    values = copy.fields["attachments"].array_value.values
    return attachments_of([plain_map(one) for one in values])


def read_report(document: Any) -> Report:
    _, id_ = document.name.rsplit("/", 1)
    fields = document.fields
    return Report(
        id=id_,
        conversation_id=fields["conversation_id"].string_value,
        message_id=fields["message_id"].string_value,
        author_id=fields["author_id"].string_value,
        reporter_id=fields["reporter_id"].string_value,
        reason=fields["reason"].string_value,
        created_at=plain_time(fields["created_at"].timestamp_value),
        status=member_of(ReportStatus, fields["status"].string_value),
        closed_at=read_time(fields["closed_at"]),
        closed_by=fields["closed_by"].string_value,
    )
