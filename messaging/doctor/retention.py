"""The examination of retention: does somebody run the command?"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async
from django.db import Error

from messaging.doctor.findings import Finding, ok, warning
from messaging.domain.conversation import ConversationKind
from messaging.domain.personal_data.jobs import JobKind, JobState
from messaging.domain.personal_data.retention import lifetime_of
from messaging.models import JobRecord, RetentionRuleRecord

_OVERDUE = timedelta(days=2)


async def examine_retention() -> Sequence[Finding]:
    """Warn if messages are to become tombstones, and `apply_retention` has not run of late."""
    try:
        return [await sync_to_async(_examine)()]
    except Error as error:
        text = f"Retention cannot be examined: {error}"
        return [warning(text, "See the findings about the database. Run `manage.py migrate`.")]


def _examine() -> Finding:
    rules = RetentionRuleRecord.objects.filter(days__isnull=False)
    kinds = [kind.value for kind in ConversationKind if lifetime_of(kind) is not None]
    if not kinds and not rules.exists():
        return ok("Every conversation keeps its messages for ever.")
    done = JobRecord.objects.filter(kind=JobKind.RETENTION.value, state=JobState.DONE.value)
    latest = done.order_by("-requested_at").first()
    remedy = "Run `manage.py apply_retention` every day, for example by a timer."
    if latest is None or latest.finished_at is None:
        return warning("Retention is set, but `manage.py apply_retention` has never run.", remedy)
    finished = latest.finished_at.isoformat(timespec="minutes")
    if datetime.now(UTC) - latest.finished_at > _OVERDUE:
        text = f"Retention is set, but `manage.py apply_retention` last ended at {finished}."
        return warning(text, remedy)
    return ok(f"Retention was applied at {finished}.")
