"""Erasures that a test runs by itself, at a moment of its choice."""

from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import JobState
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance

_COMMAND = Actor(kind=ActorKind.COMMAND, name="erase_user")
_ATTEMPTS = 5
"""A store on a busy machine may not answer in time."""


async def erase_person(instance: Instance, jobs: Jobs, person: str) -> None:
    """Erase a person. Return when that is done, or at once if somebody else is doing it."""
    asked = await request_erasure(instance.database, person_id=person, by=_COMMAND)
    for _ in range(_ATTEMPTS):
        job = await jobs.run_one(asked.id)
        if job is None or job.state is JobState.DONE:
            return
        await jobs.parts.jobs.hasten(asked.id)
    raise AssertionError(job)
