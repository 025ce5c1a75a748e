"""What a store promises of reports: messages that participants have told operators of.

`sql_reports` and `firestore_reports` both keep it; one contract suite checks them.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from messaging.domain.reports import Report, ReportStatus
from messaging.stores.catalogue import Place

COPY_LIFETIME = timedelta(days=90)
"""How long the copy of a reported message outlives the closing of its report."""


class ReportStore(Protocol):
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    async def put_report(self, report: Report, *, text: str) -> tuple[Report, bool]:
        """Keep a report, with the store's time for `COMMIT_TIME`, and a copy of the message's text,
        unless there is one with its id: then that one. And whether it is new."""

    async def get_copy(self, report_id: str) -> str | None:
        """The text that was reported; None once it was deleted or its time is over."""

    async def delete_copies(self, message_id: str) -> None:
        """Delete the copies in all reports of a message."""

    async def get_report(self, report_id: str) -> Report | None: ...

    async def list_reports(
        self,
        *,
        limit: int,
        after: Place | None = None,
        status: ReportStatus | None = None,
        author_id: str | None = None,
    ) -> Sequence[Report]:
        """By (`created_at`, id), descending, from a place on: all of them, those with a status, or
        those about the messages of one author; not both."""

    async def close_report(self, report_id: str, status: ReportStatus, *, by: str) -> Report | None:
        """Say what was made of a report, or of an already closed one anew; None if there is no
        such report. Its copy is kept for `COPY_LIFETIME` from then on."""
