"""The interface of the report store: messages that participants have reported to operators.

SQL and Firestore implement it; one contract suite checks both.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol

from messaging.domain.reports import Report, ReportCopy, ReportStatus
from messaging.stores.catalogue import Place

COPY_LIFETIME = timedelta(days=90)
"""How long the copy of a reported message is kept after its report is closed."""


class ReportStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def put_report(self, report: Report, *, copy: ReportCopy) -> tuple[Report, bool]:
        """Store a report, with the store's time for `COMMIT_TIME`, and a copy of the message. If a
        report with its id exists, return that one. Also return whether it is new.

        Raises MessageNotFound if the message is deleted by now: otherwise the copy could be stored
        after `delete_copies`, and would outlast the redaction.
        """

    async def get_copy(self, report_id: str) -> ReportCopy | None:
        """Return the copy of the reported message; None once it was deleted or has expired."""

    async def has_copies(self, message_id: str) -> bool:
        """Return whether a report of this message keeps its copy. One read for each report."""

    async def delete_copies(self, message_id: str) -> Collection[str]:
        """Delete the copies in all reports of a message, which is deleted. Return the ids of the
        attachments in them."""

    async def get_report(self, report_id: str) -> Report | None: ...

    async def list_reports(
        self,
        *,
        limit: int,
        after: Place | None = None,
        status: ReportStatus | None = None,
        author_id: str | None = None,
    ) -> Sequence[Report]:
        """Return reports by (`created_at`, id), descending, after a cursor: all, those with a
        status, or those about one author's messages; not both."""

    async def list_reports_by(
        self, reporter_id: str, *, limit: int, after: str = ""
    ) -> Sequence[Report]:
        """Return the first reports that a person made, after this id, ascending by their ids."""

    async def close_report(self, report_id: str, status: ReportStatus, *, by: str) -> Report | None:
        """Record the decision on a report, also on a closed one; return None if there is no such
        report. Its copy is kept for `COPY_LIFETIME` from then on."""
