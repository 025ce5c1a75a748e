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
_IDLE = timedelta(minutes=15)
"""How long a run may wait for an instance. After a failure it waits for ten minutes at most."""
_MAX_FAILURES = 3


async def examine_retention() -> Sequence[Finding]:
    """Warn if messages are to become tombstones, and `apply_retention` has not run of late. A run
    that makes progress is no reason to warn, however long it takes."""
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
    runs = JobRecord.objects.filter(kind=JobKind.RETENTION.value).order_by("-requested_at")
    unfinished = runs.filter(state__in=[JobState.WAITING.value, JobState.RUNNING.value]).first()
    if unfinished is not None:
        return _under_way(unfinished, datetime.now(UTC))
    latest = runs.filter(finished_at__isnull=False, state=JobState.DONE.value).first()
    remedy = "Run `manage.py apply_retention` every day, for example by a timer."
    if latest is None or latest.finished_at is None:
        return warning("Retention is set, but `manage.py apply_retention` has never ended.", remedy)
    finished = _minute(latest.finished_at)
    if datetime.now(UTC) - latest.finished_at > _OVERDUE:
        text = f"Retention is set, but `manage.py apply_retention` last ended at {finished}."
        return warning(text, remedy)
    return ok(f"Retention was applied at {finished}.")


def _under_way(run: JobRecord, now: datetime) -> Finding:
    """Judge a run that is not finished. The first one may take days."""
    asked = _minute(run.requested_at)
    if run.attempts > _MAX_FAILURES:
        text = f"The run of retention of {asked} has failed {run.attempts} times since its latest"
        return warning(f"{text} message.", "The log says why: look for `job.failed`.")
    at_work = run.leased_until is not None and run.leased_until > now
    if not at_work and run.due_at is not None and now - run.due_at > _IDLE:
        text = f"No instance works on the run of retention that was asked for at {asked}."
        return warning(text, "Start an instance, or run `manage.py apply_retention`.")
    done = sum(run.counts.get(f"{kind.value}_messages", 0) for kind in ConversationKind)
    return ok(f"A run of retention is under way since {asked}, with {done} messages so far.")


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
