"""What operators and faults do while an erasure runs."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from messaging.domain.conversation import ConversationKind
from messaging.domain.exceptions import BeingErased
from messaging.domain.integrations.service_accounts import Scope, ServiceCaller
from messaging.domain.people import ERASING, Access, Profile
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.models import JobRecord, LegalHoldRecord
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from messaging.services.back_end.conversations import create_conversation
from messaging.services.back_end.participants import add_participants
from messaging.services.back_end.profiles import set_profile
from tests.integration.chat import Api, ok, problem
from tests.integration.personal_data.conftest import everywhere_at_length
from tests.integration.personal_data.test_erasure import BY
from tests.integration.personal_data.test_forgetting import run_again

MakeApi = Callable[[str], Api]


def intervening(instance: Instance, intervene: Callable[[], Awaitable[object]]) -> Jobs:
    """Jobs during whose erasure somebody acts once, when the sign-ins were just revoked."""
    parts = instance.jobs.parts
    acts = [intervene]

    async def apply_access(access: Access) -> None:
        await parts.apply_access(access)
        if acts:
            await acts.pop()()

    changed = replace(parts, apply_access=apply_access)
    return Jobs(changed, owner="test", erasure=Erasure(changed, settle_seconds=0))


async def erased_meanwhile(instance: Instance, intervene: Callable[[], Awaitable[object]]) -> Job:
    asked = await request_erasure(instance.database, person_id="eve", by=BY)
    job = await intervening(instance, intervene).run_one(asked.id)
    assert job is not None
    return job


@pytest.mark.parametrize("hours", [None, 5])
async def test_what_an_operator_decides_holds_afterwards(
    instance: Instance, api: MakeApi, hours: int | None
) -> None:
    """A ban, or the end of one. Until the erasure is done, the person is kept out."""
    await api("eve").group(api("ann"))
    until = None if hours is None else datetime.now(UTC) + timedelta(hours=hours)
    await instance.people.set_ban("eve", until=datetime.now(UTC) + timedelta(hours=1))
    seen: list[datetime | None] = []

    async def intervene() -> None:
        seen.append((await instance.people.get_access("eve")).banned_until)
        await instance.people.set_ban("eve", until=until)

    done = await erased_meanwhile(instance, intervene)

    assert seen == [ERASING]
    assert done.state is JobState.DONE
    assert (await instance.people.get_access("eve")).banned_until == until
    assert done.result is not None
    banned = any("ban" in one["what"] for one in done.result["stays"])
    assert banned is (until is not None)


async def test_a_hold_that_comes_meanwhile_defers_it(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """The person is let in again; without the hold, the erasure goes on."""
    eve, ann = api("eve"), api("ann")
    group = await ann.group(eve)
    await eve.send(group, "of Eve")

    async def intervene() -> None:
        await LegalHoldRecord.objects.acreate(kind="person", subject="eve", reason="court")

    held = await erased_meanwhile(instance, intervene)

    assert (held.state, held.result) == (JobState.HELD, {"held_by": ["person"]})
    assert (await instance.people.get_access("eve")).banned_until is None
    (message,) = ok(await ann.get(f"/conversations/{group}/messages"))["items"]
    assert message["text"] == "of Eve"
    assert (await run_again(jobs, held.id)).state is JobState.HELD
    await LegalHoldRecord.objects.all().adelete()

    done = await run_again(jobs, held.id)

    assert done.state is JobState.DONE
    assert done.counts["messages"] == 1
    assert (await instance.people.get_access("eve")).banned_until is None


async def test_a_hold_that_is_lifted_at_that_moment(instance: Instance) -> None:
    """While the job is put on hold. It is due at once, not an hour later."""
    asked = await request_erasure(instance.database, person_id="eve", by=BY)
    hold = await LegalHoldRecord.objects.acreate(kind="person", subject="eve", reason="court")
    await instance.people.set_ban("eve", until=ERASING)
    parts = instance.jobs.parts

    async def apply_access(access: Access) -> None:
        await parts.apply_access(access)
        await hold.adelete()

    changed = replace(parts, apply_access=apply_access)
    jobs = Jobs(changed, owner="test", erasure=Erasure(changed, settle_seconds=0))

    held = await jobs.run_one(asked.id)

    assert held is not None
    assert held.state is JobState.HELD
    assert await parts.jobs.is_due()


async def test_it_is_never_given_up(instance: Instance) -> None:
    """However often it has failed: half of it is done, and the person is kept out."""
    parts = instance.jobs.parts
    faults = [RuntimeError("a fault")]

    async def announce(job: Job) -> None:
        if faults:
            raise faults.pop()
        await parts.announce(job)

    faulty = replace(parts, announce=announce)
    jobs = Jobs(faulty, owner="test", erasure=Erasure(faulty, settle_seconds=0))
    asked = await request_erasure(instance.database, person_id="eve", by=BY)
    await JobRecord.objects.filter(id=asked.id).aupdate(
        attempts=1_000, step="traces", state="running", notes={"banned_until": ""}
    )

    failed = await jobs.run_one(asked.id)

    assert failed is not None
    assert (failed.state, failed.attempts) == (JobState.RUNNING, 1_001)
    assert (await JobRecord.objects.aget(id=asked.id)).due_at is not None
    done = await run_again(jobs, asked.id)
    assert (done.state, done.attempts) == (JobState.DONE, 0)
    assert not (await instance.people.get_access("eve")).banned


@everywhere_at_length
async def test_nobody_sets_anything_of_the_person_meanwhile(
    instance: Instance, api: MakeApi
) -> None:
    """Neither they, nor a service, nor those who would add them to a group."""
    eve, ann, bob = api("eve"), api("ann"), api("bob")
    group = await ann.group(eve)
    before = await ann.group()
    before_with_bob = await bob.direct(eve)
    shop = ServiceCaller(
        name="shop",
        token_id="0" * 12,
        scopes=frozenset({Scope.MANAGE}),
        requests_per_second=9,
    )
    added: list[str] = []

    async def intervene() -> None:
        refused = await eve.patch("/me", name="Eve again")
        assert problem(refused) in {(401, "token_revoked"), (403, "banned")}
        with pytest.raises(BeingErased):
            await set_profile(instance, service=shop, person_id="eve", changes={"name": "Eve"})
        with pytest.raises(BeingErased):
            await create_conversation(
                instance,
                service=shop,
                owner_id="eve",
                kind=ConversationKind.GROUP,
                participant_ids=["ann"],
            )
        await add_participants(instance, service=shop, conversation_id=before, user_ids=["eve"])
        await ann.post(f"/conversations/{before}/participants", user_ids=["eve"])
        direct = await ann.post("/conversations", kind="direct", participant_ids=["eve"])
        assert problem(direct) == (409, "being_erased")
        with pytest.raises(BeingErased):
            await create_conversation(
                instance,
                service=shop,
                owner_id="ann",
                kind=ConversationKind.DIRECT,
                participant_ids=["eve"],
            )
        known = await bob.post("/conversations", kind="direct", participant_ids=["eve"])
        assert (known.status_code, known.json()["id"]) == (200, before_with_bob)
        new = await ann.post("/conversations", kind="group", participant_ids=["eve"])
        for one in (before, new.json()["id"]):
            people = (await ann.conversation(one))["participants"]
            added.extend(who["user_id"] for who in people)

    done = await erased_meanwhile(instance, intervene)

    assert done.state is JobState.DONE
    assert added == ["ann", "ann"]
    assert done.counts["conversations"] == 2
    assert (await instance.people.get_profiles(["eve"]))["eve"] == Profile(user_id="eve")
    again = await ann.post(f"/conversations/{group}/participants", user_ids=["eve"])
    assert again.is_success
    people = [one["user_id"] for one in (await ann.conversation(group))["participants"]]
    assert people == ["ann", "eve"]


async def test_what_others_add_behind_the_walk_goes_too(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """A group that somebody adds the person to, and a profile that a service sets."""
    ann, eve = api("ann"), api("eve")
    group = await ann.group(eve)
    await instance.people.set_profile("eve", {"name": "Eve of a service"})
    asked = await request_erasure(instance.database, person_id="eve", by=BY)
    await JobRecord.objects.filter(id=asked.id).aupdate(step="traces", state="running")

    done = await jobs.run_one(asked.id)

    assert done is not None
    assert done.state is JobState.DONE
    people = (await ann.conversation(group))["participants"]
    assert [one["user_id"] for one in people] == ["ann"]
    assert (await instance.people.get_profiles(["eve"]))["eve"].name is None
