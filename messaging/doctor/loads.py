"""The examination of loads: was one killed, and does an instance remove what it has left?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.db import Error, connection

from messaging.doctor.findings import Finding, ok, warning
from messaging.models import DeletionRecord
from messaging.stores.database.loads import list_unfinished

_OVERDUE = timedelta(minutes=10)


async def examine_loads() -> Sequence[Finding]:
    """Say which loads run and which were killed, and whether unfinished deletions and loads are
    removed."""
    try:
        return await sync_to_async(_examine)()
    except Error as error:
        text = f"The loads cannot be examined: {error}"
        return [warning(text, "See the findings about the database. Run `manage.py migrate`.")]


def _examine() -> Sequence[Finding]:
    findings: list[Finding] = []
    for load in list_unfinished(connection):
        begun = load.begun_at.isoformat(timespec="minutes")
        what = f"The load of {load.file} by {load.command}, begun at {begun},"
        if not load.stopped:
            findings.append(ok(f"{what} has {load.conversations} conversations so far."))
            continue
        seen = load.seen_at.isoformat(timespec="minutes")
        text = (
            f"{what} was last seen at {seen} and has not ended. Its complete conversations are in "
            "the store, and people who were erased may be back."
        )
        remedy = (
            "Run it again: it goes on. Or give it up with `manage.py load_conversations "
            "--give-up`, which erases these people again."
        )
        findings.append(warning(text, remedy))
    overdue = DeletionRecord.objects.filter(due_at__lt=datetime.now(UTC) - _OVERDUE).count()
    if overdue:
        text = f"{overdue} conversations wait for the end of their deletion or of a load."
        findings.append(warning(text, "Start an instance: it removes what is left of them."))
    return findings or [ok("No load is unfinished.")]
