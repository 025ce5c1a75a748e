"""Reports on Cloud Firestore: documents `reports/{id}`.

Their lists use indexes on the time alone, which support 500 writes a second: far more than there
are reports.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from messaging.domain.change import COMMIT_TIME
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.reports import Report, ReportStatus
from messaging.stores.catalogue import Place
from messaging.stores.conversations import AlreadyExists, CommitUnknown, Conflict
from messaging.stores.firestore.client.connection import DocumentMissing
from messaging.stores.firestore.client.requests import Writes, query
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.firestore.values import (
    Reference,
    plain_time,
    read_text,
    read_time,
)
from messaging.stores.reports import COPY_LIFETIME
from messaging.stores.stored_enums import member_of

_DELETED_AT_ONCE = 300


class FirestoreReportStore:
    """Implements `messaging.stores.reports.ReportStore` on the Firestore store's connection."""

    def __init__(self, store: FirestoreStore) -> None:
        self._connection = store.connection
        self._database = store.connection.database

    async def put_report(self, report: Report, *, text: str) -> tuple[Report, bool]:
        writes = Writes(self._database)
        writes.create(
            self._report(report.id),
            {
                "conversation_id": report.conversation_id,
                "message_id": report.message_id,
                "author_id": report.author_id,
                "reporter_id": report.reporter_id,
                "reason": report.reason,
                "created_at": COMMIT_TIME,
                "status": report.status.value,
            },
        )
        writes.create(self._copy(report.id), {"message_id": report.message_id, "text": text})
        created = True
        try:
            await self._connection.commit("put_report", writes)
        except AlreadyExists:
            created = False
        except (Conflict, CommitUnknown) as error:
            raise StoreUnavailable from error  # a repeated report settles it
        stored = await self.get_report(report.id)
        if stored is None:
            raise StoreUnavailable
        return stored, created

    async def get_copy(self, report_id: str) -> str | None:
        found = await self._connection.get("get_copy", [self._copy(report_id)])
        if not found:
            return None
        expires_at = read_time(found[0].fields["expires_at"])
        if expires_at is not None and expires_at <= datetime.now(UTC):
            return None  # the time-to-live policy is up to a day late
        return read_text(found[0].fields["text"])

    async def delete_copies(self, message_id: str) -> None:
        while True:
            found = await self._connection.query(
                "delete_copies",
                self._database.root,
                query("report_copies", ("message_id", "==", message_id), limit=_DELETED_AT_ONCE),
            )
            if found:
                writes = Writes(self._database)
                for document in found:
                    writes.delete(document.name)
                await self._connection.write("delete_copies", writes)
            if len(found) < _DELETED_AT_ONCE:
                return

    async def get_report(self, report_id: str) -> Report | None:
        found = await self._connection.get("get_report", [self._report(report_id)])
        return _read_report(found[0]) if found else None

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
        return [_read_report(document) for document in found]

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


def _read_report(document: Any) -> Report:
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
