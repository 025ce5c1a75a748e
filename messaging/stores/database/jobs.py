"""Jobs with the data of people, and legal holds, in `DATABASE_URL`.

A job belongs to the process that leases it. The lease is renewed with each step that it stores; if
the process dies, another one goes on once the lease has ended.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.functions import Now
from django.db.transaction import atomic

from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.domain.personal_data.jobs import (
    Hold,
    HoldKind,
    Job,
    JobKind,
    JobState,
)
from messaging.models import JobRecord, LegalHoldRecord
from messaging.stores.database.audit import write_entries
from messaging.stores.database.retention import lock_retention
from messaging.stores.shared.stored_enums import member_of
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now
from messaging.stores.sql.connections.compiled import Compiled

_UNFINISHED = [one.value for one in JobState if not one.ended]
_REQUESTED = {
    JobKind.ERASE: "person.erase_requested",
    JobKind.EXPORT: "person.export_requested",
    JobKind.RETENTION: "retention.requested",
}
_RUNS_KEPT = timedelta(days=90)
_KNOWN = Q(kind__in=list(JobKind), state__in=list(JobState))
"""A later release, which was rolled back, may have others."""
_LATE_SECONDS = 3600.0
"""When to look again for the file of an export that was ended: its process may have stored the file
at that moment."""


class JobStore:
    """Every method may raise `StoreUnavailable`; none of them blocks the event loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def create(self, job: Job) -> Job:
        """Store a new job, or return the unfinished one: the erasure of the same person, their
        export for the same actor, or the run of retention. Unless a process works on it, it is due
        at once. The audit trail records the request."""
        return await self._calls.write("create_job", _create, job)

    async def hasten(self, job_id: str) -> bool:
        """Make an unfinished job due at once, unless a process works on it. Return whether none
        does."""
        return await self._calls.write("hasten_job", _hasten, job_id)

    async def has_later_erasure(self, job: Job) -> bool:
        """Return whether somebody has asked for another erasure of the person since this one."""
        return await self._calls.read("has_later_erasure", _has_later_erasure, job)

    async def get(self, job_id: str) -> Job | None:
        return await self._calls.read("get_job", _get, job_id)

    async def is_due(self) -> bool:
        """Return whether a job is due that no process works on. Idle instances ask this, which
        writes nothing."""
        return await self._calls.read("is_job_due", _is_due)

    async def claim(self, *, owner: str, seconds: float, job_id: str | None = None) -> Job | None:
        """Lease a job that is due, or this one if it is, and return it."""
        return await self._calls.write("claim_job", _claim, owner, seconds, job_id)

    async def save(self, job: Job, *, owner: str, seconds: float) -> bool:
        """Store the progress of a leased job, and renew the lease. Return False if the lease was
        lost: another process goes on."""
        return await self._calls.write("save_job", _save, job, owner, seconds)

    async def release(self, job: Job, *, owner: str, due_in: float | None) -> bool:
        """Store a leased job and end the lease. It is due again after so many seconds; None if
        nothing is left to do."""
        return await self._calls.write("release_job", _release, job, owner, due_in)

    async def end_exports(self, user_id: str) -> None:
        """End the exports of a person, whose files were deleted, and forget the person in them.
        They are due once more, an hour later, for a file that was stored at that moment."""
        await self._calls.write("end_exports", _end_exports, user_id)

    async def list_exports(self, user_id: str) -> Sequence[str]:
        """Return the ids of the exports of a person that may have a file."""
        return await self._calls.read("list_exports", _list_exports, user_id)

    async def list_holds(self) -> Sequence[Hold]:
        """Return all legal holds."""
        return await self._calls.read("list_legal_holds", _list_holds)


def wake_held(database: BaseDatabaseWrapper) -> None:
    """Make the jobs on hold due at once, on this connection, in its transaction if there is one: a
    legal hold was lifted."""
    records = JobRecord.objects.using(database.alias).filter(state=JobState.HELD.value)
    records.update(due_at=now(database))


def _create(database: BaseDatabaseWrapper, job: Job) -> Job:
    actor = job.requested_by
    with atomic(using=database.alias):
        if job.kind is JobKind.RETENTION:
            lock_retention(database)  # no constraint keeps two requests apart
            _remove_old_runs(database)
        created = None
        while created is None:
            created = _join(database, job) or _insert(database, job)
        entry = AuditEntry(
            actor=actor,
            action=_REQUESTED[job.kind],
            person_id=job.person_id or None,
            reason=job.reason,
            detail={"job": created.id},
        )
        write_entries(database, [entry])
    return created


def _join(database: BaseDatabaseWrapper, job: Job) -> Job | None:
    """Return the unfinished job that does what this one would, and add who asks."""
    actor = job.requested_by
    records = JobRecord.objects.using(database.alias)
    same = records.filter(kind=job.kind.value, person_id=job.person_id, state__in=_UNFINISHED)
    if job.kind is JobKind.EXPORT:
        same = same.filter(actor_kind=actor.kind.value, actor=actor.name)
    found = same.select_for_update().first()
    if found is None:
        return None
    if not _job(found).may_be_read_by(actor):
        found.askers = [*found.askers, [actor.kind.value, actor.name]]
        found.save(update_fields=["askers"])
    _hasten(database, found.pk)
    return _job(found)


def _remove_old_runs(database: BaseDatabaseWrapper) -> None:
    """Remove old runs of retention. The audit trail has what they did."""
    records = JobRecord.objects.using(database.alias).filter(kind=JobKind.RETENTION.value)
    records.filter(requested_at__lt=now(database) - _RUNS_KEPT).exclude(
        state__in=_UNFINISHED
    ).delete()


def _insert(database: BaseDatabaseWrapper, job: Job) -> Job | None:
    """Store a job. Return None if another request was faster."""
    at = now(database)
    record = JobRecord(id=job.id, requested_at=at, due_at=at, **_columns(job))
    try:
        with atomic(using=database.alias):
            record.save(using=database.alias, force_insert=True)
    except IntegrityError:
        return None
    return replace(job, requested_at=at)


def _hasten(database: BaseDatabaseWrapper, job_id: str) -> bool:
    at = now(database)
    records = JobRecord.objects.using(database.alias)
    free = records.filter(_free(at), id=job_id, state__in=_UNFINISHED)
    return free.update(due_at=at) == 1


def _free(at: datetime | Now, owner: str = "") -> Q:
    """Select jobs that no other process has leased."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=at)
    return free | Q(owner=owner) if owner else free


def _has_later_erasure(database: BaseDatabaseWrapper, job: Job) -> bool:
    records = JobRecord.objects.using(database.alias).exclude(id=job.id)
    return records.filter(
        kind=JobKind.ERASE.value, person_id=job.person_id, requested_at__gt=job.requested_at
    ).exists()


def _get(database: BaseDatabaseWrapper, job_id: str) -> Job | None:
    record = JobRecord.objects.using(database.alias).filter(id=job_id).first()
    return None if record is None else _job(record)


_DUE = Compiled(
    lambda: JobRecord.objects.filter(_free(Now()), _KNOWN, due_at__lte=Now()).values_list("id")[:1]
)


def _is_due(database: BaseDatabaseWrapper) -> bool:
    return bool(_DUE.rows(database))


def _claim(
    database: BaseDatabaseWrapper, owner: str, seconds: float, job_id: str | None
) -> Job | None:
    records = JobRecord.objects.using(database.alias)
    with atomic(using=database.alias):
        at = now(database)
        due = records.select_for_update(skip_locked=database.vendor == "postgresql")
        due = due.filter(_free(at, owner), _KNOWN, due_at__lte=at)
        if job_id is not None:
            due = due.filter(id=job_id)
        record = due.order_by("due_at").first()
        if record is None:
            return None
        record.owner, record.leased_until = owner, at + timedelta(seconds=seconds)
        record.save(update_fields=["owner", "leased_until"])
    return _job(record)


def _save(database: BaseDatabaseWrapper, job: Job, owner: str, seconds: float) -> bool:
    until = now(database) + timedelta(seconds=seconds)
    records = JobRecord.objects.using(database.alias).filter(id=job.id, owner=owner)
    return records.update(leased_until=until, **_columns(job)) == 1


def _release(database: BaseDatabaseWrapper, job: Job, owner: str, due_in: float | None) -> bool:
    due_at = None if due_in is None else now(database) + timedelta(seconds=due_in)
    records = JobRecord.objects.using(database.alias).filter(id=job.id, owner=owner)
    released = records.update(owner="", leased_until=None, due_at=due_at, **_columns(job))
    return released == 1


def _list_exports(database: BaseDatabaseWrapper, user_id: str) -> list[str]:
    records = JobRecord.objects.using(database.alias)
    found = records.filter(kind=JobKind.EXPORT.value, person_id=user_id)
    return list(found.values_list("id", flat=True))


def _end_exports(database: BaseDatabaseWrapper, user_id: str) -> None:
    """A leased export loses its lease."""
    records = JobRecord.objects.using(database.alias)
    records.filter(kind=JobKind.EXPORT.value, person_id=user_id).update(
        state=JobState.FAILED.value,
        person_id="",
        notes={},
        attempts=0,
        due_at=now(database) + timedelta(seconds=_LATE_SECONDS),
        owner="",
        leased_until=None,
    )


def _list_holds(database: BaseDatabaseWrapper) -> list[Hold]:
    records = LegalHoldRecord.objects.using(database.alias).order_by("id")
    return [
        Hold(kind=member_of(HoldKind, one.kind), subject=one.subject, reason=one.reason)
        for one in records
    ]


def _columns(job: Job) -> dict[str, Any]:
    return {
        "kind": job.kind.value,
        "person_id": job.person_id,
        "erased_id": job.erased_id,
        "actor_kind": job.requested_by.kind.value,
        "actor": job.requested_by.name,
        "reason": job.reason,
        "state": job.state.value,
        "step": job.step,
        "counts": dict(job.counts),
        "notes": dict(job.notes),
        "result": None if job.result is None else dict(job.result),
        "attempts": job.attempts,
        "finished_at": job.finished_at,
    }


def _job(record: JobRecord) -> Job:
    return Job(
        id=record.id,
        kind=member_of(JobKind, record.kind),
        person_id=record.person_id,
        erased_id=record.erased_id,
        requested_by=Actor(kind=member_of(ActorKind, record.actor_kind), name=record.actor),
        requested_at=record.requested_at,
        askers=[Actor(kind=member_of(ActorKind, kind), name=name) for kind, name in record.askers],
        reason=record.reason,
        state=member_of(JobState, record.state),
        step=record.step,
        counts=record.counts,
        notes=record.notes,
        result=record.result,
        attempts=record.attempts,
        finished_at=record.finished_at,
    )
