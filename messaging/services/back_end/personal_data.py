"""Jobs with the data of one person, which a service account asks for."""

from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.domain.personal_data.jobs import Job
from messaging.personal_data import requests
from messaging.personal_data.evidence import Evidence
from messaging.personal_data.export import sign_export
from messaging.runtime.instance import Instance


async def erase_user(instance: Instance, *, service: ServiceCaller, person_id: str) -> Job:
    """Ask for the erasure of a person. While one is not finished, return that one. Raises
    ScopeMissing, InvalidRequest, StoreUnavailable."""
    service.require(Scope.EXPORT)
    job = await requests.request_erasure(
        instance.database,
        person_id=person_id,
        by=_actor(service),
        evidence=Evidence(instance.attachments.storage),
    )
    instance.jobs.wake()
    return job


async def export_user(instance: Instance, *, service: ServiceCaller, person_id: str) -> Job:
    """Ask for the export of a person. While one that this service asked for is not finished, return
    that one. The rest is as in `erase_user`."""
    service.require(Scope.EXPORT)
    job = await requests.request_export(instance.database, person_id=person_id, by=_actor(service))
    instance.jobs.wake()
    return job


async def address_export(instance: Instance, *, service: ServiceCaller, job: Job) -> str | None:
    """Return a signed URL of the file of an export, which works for ten minutes; None if it has no
    file. That of the local storage lacks the host. The audit trail records it before. Raises
    ScopeMissing, FilesUnavailable, StoreUnavailable."""
    service.require(Scope.EXPORT)
    parts = instance.jobs.parts
    url = await sign_export(parts, job)
    if url is not None:
        entry = AuditEntry(
            actor=_actor(service),
            action="person.export_addressed",
            person_id=job.person_id or None,
            detail={"job": job.id},
        )
        await parts.audit.record(entry)
    return url


async def get_job(instance: Instance, *, service: ServiceCaller, job_id: str) -> Job:
    """Return a job that this service account has asked for. Raises ScopeMissing, NotFound,
    StoreUnavailable."""
    service.require(Scope.EXPORT)
    return await requests.get_job(instance.database, job_id=job_id, by=_actor(service))


def _actor(service: ServiceCaller) -> Actor:
    return Actor(kind=ActorKind.SERVICE, name=service.name)
