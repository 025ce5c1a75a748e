"""Requests for jobs. Whoever asks has the right to."""

from datetime import UTC, datetime

from messaging.domain.exceptions import NotFound
from messaging.domain.identifiers import random_id, require_user_id
from messaging.domain.personal_data.audit import Actor, AuditEntry
from messaging.domain.personal_data.jobs import Job, JobKind, new_erased_id
from messaging.stores.database.audit import AuditTrail
from messaging.stores.database.jobs import JobStore
from messaging.stores.sql.connections.calls import Calls


async def request_erasure(calls: Calls, *, person_id: str, by: Actor, reason: str = "") -> Job:
    """Ask for the erasure of a person. While one is not finished, return that one. The audit trail
    records each request. Raises InvalidRequest, StoreUnavailable."""
    require_user_id("user_id", person_id)
    asked = Job(
        id=random_id(),
        kind=JobKind.ERASE,
        person_id=person_id,
        erased_id=new_erased_id(),
        requested_by=by,
        requested_at=datetime.now(UTC),
        reason=reason,
    )
    return await _create(calls, asked)


async def request_export(calls: Calls, *, person_id: str, by: Actor, reason: str = "") -> Job:
    """Ask for the export of a person. While one is not finished, return that one. The audit trail
    records each request. Raises InvalidRequest, StoreUnavailable."""
    require_user_id("user_id", person_id)
    asked = Job(
        id=random_id(),
        kind=JobKind.EXPORT,
        person_id=person_id,
        erased_id="",
        requested_by=by,
        requested_at=datetime.now(UTC),
        reason=reason,
    )
    return await _create(calls, asked)


async def _create(calls: Calls, asked: Job) -> Job:
    job = await JobStore(calls).create(asked)
    await AuditTrail(calls).record(
        AuditEntry(
            actor=asked.requested_by,
            action=f"person.{asked.kind.value}_requested",
            person_id=asked.person_id,
            reason=asked.reason,
            detail={"job": job.id},
        )
    )
    return job


async def get_job(calls: Calls, *, job_id: str, by: Actor | None = None) -> Job:
    """Return a job; only one that `by` asked for, if they are named. Raises NotFound,
    StoreUnavailable."""
    job = await JobStore(calls).get(job_id)
    if job is None or (by is not None and job.requested_by != by):
        raise NotFound
    return job
