"""Jobs with the data of one person, which operators ask for."""

from messaging.domain.personal_data.audit import Actor
from messaging.domain.personal_data.jobs import Job
from messaging.personal_data import requests
from messaging.runtime.instance import Instance


async def erase_user(instance: Instance, *, person_id: str, by: Actor, reason: str) -> Job:
    """Ask for the erasure of a person. While one is not finished, return that one. Raises
    InvalidRequest, StoreUnavailable."""
    job = await requests.request_erasure(
        instance.database, person_id=person_id, by=by, reason=reason
    )
    instance.jobs.wake()
    return job
