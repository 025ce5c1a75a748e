"""Requests for jobs: who gets which job, and who may read it."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from messaging.domain.exceptions import NotFound
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import JobState
from messaging.models import AuditEntryRecord, JobRecord, LegalHoldRecord
from messaging.personal_data.requests import get_job, request_erasure, request_export
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from tests.integration.chat import Api

MakeApi = Callable[[str], Api]
SHOP, CRM = (Actor(kind=ActorKind.SERVICE, name=name) for name in ("shop", "crm"))
on_databases = pytest.mark.parametrize("store_settings", ["sqlite", "postgresql"], indirect=True)


@on_databases
async def test_requests_at_once_make_one_erasure(instance: Instance) -> None:
    """All who asked may read it, and the trail has each request."""
    actors = [Actor(kind=ActorKind.SERVICE, name=f"service-{number}") for number in range(8)]
    eve = f"eve-{uuid4().hex}"  # other tests leave their rows in PostgreSQL

    jobs = await asyncio.gather(
        *(request_erasure(instance.database, person_id=eve, by=actor) for actor in actors)
    )

    assert len({job.id for job in jobs}) == 1
    assert await JobRecord.objects.filter(person_id=eve).acount() == 1
    for actor in actors:
        assert (await get_job(instance.database, job_id=jobs[0].id, by=actor)).id == jobs[0].id
    requested = AuditEntryRecord.objects.filter(person__user_id=eve)
    assert await requested.acount() == len(actors)


async def test_each_actor_has_an_export_of_their_own(instance: Instance) -> None:
    """Nobody reads that of another."""
    first, second, again = [
        await request_export(instance.database, person_id="eve", by=by) for by in (SHOP, CRM, SHOP)
    ]

    assert first.id == again.id != second.id
    with pytest.raises(NotFound):
        await get_job(instance.database, job_id=first.id, by=CRM)


@on_databases
@pytest.mark.parametrize("job_id", ["\0", "x", "a" * 27])
async def test_no_job_has_another_form_of_id(instance: Instance, job_id: str) -> None:
    with pytest.raises(NotFound):
        await get_job(instance.database, job_id=job_id)


async def test_asking_again_looks_at_once_whether_a_hold_is_lifted(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    await api("eve").group(api("ann"))
    hold = await LegalHoldRecord.objects.acreate(kind="person", subject="eve", reason="court")
    asked = await request_erasure(instance.database, person_id="eve", by=SHOP)
    held = await jobs.run_one(asked.id)
    assert held is not None
    assert held.state is JobState.HELD
    await hold.adelete()
    assert await jobs.run_one(asked.id) is None  # not yet

    assert (await request_erasure(instance.database, person_id="eve", by=CRM)).id == asked.id

    done = await jobs.run_one(asked.id)
    assert done is not None
    assert done.state is JobState.DONE
