"""Jobs with the data of one person, which a service account asks for."""

from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import Job
from messaging.personal_data import requests
from messaging.runtime.instance import Instance


async def erase_user(instance: Instance, *, service: ServiceCaller, person_id: str) -> Job:
    """Ask for the erasure of a person. While one is not finished, return that one. Raises
    ScopeMissing, InvalidRequest, StoreUnavailable."""
    service.require(Scope.EXPORT)
    job = await requests.request_erasure(instance.database, person_id=person_id, by=_actor(service))
    instance.jobs.wake()
    return job


async def get_job(instance: Instance, *, service: ServiceCaller, job_id: str) -> Job:
    """Return a job that this service account has asked for. Raises ScopeMissing, NotFound,
    StoreUnavailable."""
    service.require(Scope.EXPORT)
    return await requests.get_job(instance.database, job_id=job_id, by=_actor(service))


def _actor(service: ServiceCaller) -> Actor:
    return Actor(kind=ActorKind.SERVICE, name=service.name)
