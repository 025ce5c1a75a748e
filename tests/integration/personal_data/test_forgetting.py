"""What comes after an erasure: its repeat, a view, the return of the person, and the next day."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from messaging.domain.personal_data.audit import Actor, ActorKind, AuditEntry
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.models import AuditEntryRecord, JobRecord, WebhookDeliveryRecord
from messaging.models import WebhookEndpointRecord as Endpoint
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services import receipts, sessions
from tests.frames import read_frame
from tests.integration.chat import Api, ok
from tests.integration.personal_data.conftest import everywhere
from tests.integration.personal_data.test_erasure import BY, erase
from tests.outlets import SIGNED_IN_AT, Outlet

MakeApi = Callable[[str], Api]


async def look_at(instance: Instance, user_id: str) -> None:
    """An operator opens the page of a person."""
    root = Actor(kind=ActorKind.OPERATOR, name="root")
    entry = AuditEntry(actor=root, action="person.viewed", person_id=user_id)
    await instance.jobs.parts.audit.record(entry)


async def run_again(jobs: Jobs, job_id: str) -> Job:
    due = datetime.now(UTC) - timedelta(seconds=1)
    await JobRecord.objects.filter(id=job_id).aupdate(due_at=due, leased_until=None)
    job = await jobs.run_one(job_id)
    assert job is not None
    return job


async def named_in_trail(user_id: str) -> bool:
    return await AuditEntryRecord.objects.filter(person__user_id=user_id).aexists()


def failing_once(instance: Instance) -> Jobs:
    """Jobs whose process fails once, right after it has told the endpoints."""
    parts = instance.jobs.parts
    failures = [RuntimeError("killed")]

    async def announce(job: Job) -> None:
        await parts.announce(job)
        if failures:
            raise failures.pop()

    failing = replace(parts, announce=announce)
    return Jobs(failing, owner="test", erasure=Erasure(failing, settle_seconds=0))


@everywhere
async def test_who_comes_back_stays(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """With a new profile and new blocks; only the revocation of earlier sign-ins ends."""
    await api("eve").group(api("ann"))
    done = await erase(instance, jobs, "eve")
    people = instance.people
    await people.set_profile("eve", {"name": "Eve again"})
    await people.set_block("eve", "bob", blocked=True)

    await run_again(jobs, done.id)

    assert (await people.get_profiles(["eve"]))["eve"].name == "Eve again"
    assert (await people.get_blocks(["eve"]))["eve"] == {"bob"}
    access = await people.get_access("eve")
    assert (access.valid_after, access.banned_until) == (None, None)


@everywhere
async def test_a_later_revocation_stays(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """Of a sign-out, and of a later erasure: its own day counts."""
    await api("eve").group(api("ann"))
    first = await erase(instance, jobs, "eve")
    second = await erase(instance, jobs, "eve")
    access = await instance.people.get_access("eve")

    await run_again(jobs, first.id)

    assert await instance.people.get_access("eve") == access
    assert (await JobRecord.objects.aget(id=first.id)).person_id == ""
    signed_out = await instance.people.log_out("eve")
    await run_again(jobs, second.id)
    assert (await instance.people.get_access("eve")).valid_after == signed_out.valid_after


async def test_a_view_after_the_erasure_is_forgotten_too(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """The trail then has several rows of the same erased id."""
    await api("eve").group(api("ann"))
    await look_at(instance, "eve")
    done = await erase(instance, jobs, "eve")
    await look_at(instance, "eve")
    assert await named_in_trail("eve")

    forgotten = await run_again(jobs, done.id)

    assert (forgotten.person_id, forgotten.attempts) == ("", 0)
    assert not await named_in_trail("eve")
    seen = AuditEntryRecord.objects.filter(action="person.viewed")
    assert {one async for one in seen.values_list("person__user_id", flat=True)} == {done.erased_id}
    await look_at(instance, done.erased_id)
    await look_at(instance, "eve")
    await look_at(instance, "eve")
    assert await AuditEntryRecord.objects.filter(person__user_id="eve").acount() == 2


async def test_a_view_between_two_attempts(instance: Instance, api: MakeApi) -> None:
    """After the traces were removed: the second attempt removes that of the view."""
    await api("eve").group(api("ann"))
    jobs = failing_once(instance)
    asked = await request_erasure(instance.database, person_id="eve", by=BY)
    failed = await jobs.run_one(asked.id)
    assert failed is not None
    assert (failed.state, failed.attempts) == (JobState.RUNNING, 1)
    await look_at(instance, "eve")

    done = await run_again(jobs, asked.id)

    assert done.state is JobState.DONE
    assert not await named_in_trail("eve")
    assert not (await instance.people.get_access("eve")).banned


@pytest.mark.parametrize("state", ["waiting", "delivered"])
async def test_a_repeat_keeps_the_id_that_endpoints_are_told(
    instance: Instance, api: MakeApi, state: str
) -> None:
    """It is forgotten with the job; while the event waits, both are kept."""
    await api("eve").group(api("ann"))
    await Endpoint.objects.acreate(url="https://app.example/hooks", secret="whsec_x")
    jobs = failing_once(instance)
    asked = await request_erasure(instance.database, person_id="eve", by=BY)
    await jobs.run_one(asked.id)

    done = await run_again(jobs, asked.id)

    events = WebhookDeliveryRecord.objects.filter(type="user.erased")
    expected = {"job_id": done.id, "user_id": "eve", "erased_id": done.erased_id}
    assert (await events.aget()).detail == expected
    await Endpoint.objects.aupdate(enabled=False)
    await events.aupdate(state=state)
    waits = state == "waiting"
    forgotten = await run_again(jobs, done.id)
    assert forgotten.person_id == ("eve" if waits else "")
    assert (await events.aget()).detail["user_id"] == ("eve" if waits else done.erased_id)
    if waits:
        record = await JobRecord.objects.aget(id=done.id)
        assert record.due_at is not None
        assert record.due_at > datetime.now(UTC) + timedelta(hours=23)
        await events.aupdate(expires_at=datetime.now(UTC))
        assert (await run_again(jobs, done.id)).person_id == ""


async def test_the_receipt_counts_open_reports_after_a_kill(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """Even if the reports were renamed before the progress was stored."""
    ann, eve = api("ann"), api("eve")
    group = await ann.group(eve)
    message = await eve.send(group, "foul")
    await ann.post("/reports", message_id=message["id"], conversation_id=group, reason="foul")
    asked = await request_erasure(instance.database, person_id="eve", by=BY)
    await instance.jobs.parts.erasure.erase_reports("eve", asked.erased_id)

    done = await jobs.run_one(asked.id)

    assert done is not None
    assert done.result is not None
    assert [one["count"] for one in done.result["stays"] if "count" in one] == [1]


async def test_who_comes_back_has_read_nothing(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """In a direct conversation, which stays theirs. What an instance remembers of their receipts
    from before is told to nobody."""
    ann, eve = api("ann"), api("eve")
    direct = await ann.direct(eve)
    await ann.send(direct)
    assert ok(await eve.post(f"/conversations/{direct}/read", seq=1))["read_seq"] == 1
    await erase(instance, jobs, "eve")
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    connection = await sessions.open_session(
        instance,
        user_id="ann",
        signed_in_at=SIGNED_IN_AT,
        outlet=Outlet(lambda text: told.put_nowait(read_frame(text))),
    )
    latest = await ann.send(direct)

    await receipts.mark_delivered(
        instance, user_id="eve", conversation_id=direct, seq=latest["seq"]
    )

    async with asyncio.timeout(20):
        while (frame := await told.get())["type"] != "receipt.updated":
            pass
    sessions.close_session(instance, connection)
    listed = ok(await ann.get(f"/conversations/{direct}/receipts"))["items"]
    (stored,) = [one for one in listed if one["user_id"] == "eve"]
    assert stored["read_seq"] == 0
    assert (frame["data"]["user_id"], frame["data"]["read_seq"]) == ("eve", 0)
