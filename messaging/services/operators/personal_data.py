"""Jobs with the data of people, which operators ask for."""

from messaging.domain.personal_data.audit import Actor
from messaging.domain.personal_data.jobs import Job
from messaging.personal_data import requests
from messaging.personal_data.evidence import Evidence
from messaging.personal_data.export import sign_export
from messaging.runtime.instance import Instance


async def export_user(instance: Instance, *, person_id: str, by: Actor, reason: str = "") -> Job:
    """Ask for the export of a person. The rest is as in `erase_user`."""
    job = await requests.request_export(
        instance.database, person_id=person_id, by=by, reason=reason
    )
    instance.jobs.wake()
    return job


async def address_export(instance: Instance, job_id: str) -> str | None:
    """Return a signed URL of the file of an export, which works for ten minutes; None if it has no
    file. Raises NotFound, StoreUnavailable."""
    job = await requests.get_job(instance.database, job_id=job_id)
    return await sign_export(instance.jobs.parts, job)


async def erase_user(instance: Instance, *, person_id: str, by: Actor, reason: str) -> Job:
    """Ask for the erasure of a person. While one is not finished, return that one. Raises
    InvalidRequest, StoreUnavailable."""
    job = await requests.request_erasure(
        instance.database,
        person_id=person_id,
        by=by,
        reason=reason,
        evidence=Evidence(instance.attachments.storage),
    )
    instance.jobs.wake()
    return job


async def apply_retention(
    instance: Instance, *, by: Actor, rate: int, limit: int | None, reason: str = ""
) -> Job:
    """Ask for a run of retention. While one is not finished, return that one. Raises
    StoreUnavailable."""
    job = await requests.request_retention(
        instance.database, by=by, rate=rate, limit=limit, reason=reason
    )
    instance.jobs.wake()
    return job
