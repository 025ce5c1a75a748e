"""Requests for jobs. Whoever asks has the right to. The audit trail records each request."""

from contextlib import suppress
from datetime import UTC, datetime

from messaging.domain.exceptions import NotFound
from messaging.domain.identifiers import is_stored_id, random_id, require_user_id
from messaging.domain.personal_data.audit import Actor
from messaging.domain.personal_data.jobs import Job, JobKind, new_erased_id
from messaging.files.storage import FilesUnavailable
from messaging.personal_data.evidence import Evidence
from messaging.stores.database.jobs import JobStore
from messaging.stores.sql.connections.calls import Calls


async def request_erasure(
    calls: Calls, *, person_id: str, by: Actor, reason: str = "", evidence: Evidence | None = None
) -> Job:
    """Ask for the erasure of a person. While one is not finished, return that one. `evidence` keeps
    the request; if it does not answer, the job does that when it begins. Raises InvalidRequest,
    StoreUnavailable."""
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
    job = await JobStore(calls).create(asked)
    if evidence is not None:
        with suppress(FilesUnavailable):  # logged where it was noticed
            await evidence.put_request(person_id, job_id=job.id, requested_at=job.requested_at)
    return job


async def request_export(calls: Calls, *, person_id: str, by: Actor, reason: str = "") -> Job:
    """Ask for the export of a person. While one that `by` asked for is not finished, return that
    one. Raises InvalidRequest, StoreUnavailable."""
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
    return await JobStore(calls).create(asked)


async def request_retention(
    calls: Calls, *, by: Actor, rate: int, limit: int | None = None, reason: str = ""
) -> Job:
    """Ask for a run of retention, with at most `rate` messages a second, and `limit` messages in
    all. While one is not finished, return that one. Raises StoreUnavailable."""
    asked = Job(
        id=random_id(),
        kind=JobKind.RETENTION,
        person_id="",
        erased_id="",
        requested_by=by,
        requested_at=datetime.now(UTC),
        reason=reason,
        notes={"rate": rate, "limit": limit},
    )
    return await JobStore(calls).create(asked)


async def get_job(calls: Calls, *, job_id: str, by: Actor | None = None) -> Job:
    """Return a job; only one that `by` asked for, if they are named. Raises NotFound,
    StoreUnavailable."""
    job = await JobStore(calls).get(job_id) if is_stored_id(job_id) else None
    if job is None or (by is not None and not job.may_be_read_by(by)):
        raise NotFound
    return job
