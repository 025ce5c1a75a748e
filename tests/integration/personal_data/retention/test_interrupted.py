"""A run that is cut off, that pauses, that is limited, or that meets a conversation that fails."""

import asyncio
from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings

from messaging.concurrency.tasks import stop_tasks
from messaging.domain.personal_data.jobs import JobState
from messaging.models import JobRecord, MessageRecord, RetentionRecord
from messaging.personal_data.requests import request_retention
from messaging.personal_data.retention.run import Retention
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok
from tests.integration.personal_data.conftest import everywhere
from tests.integration.personal_data.retention import (
    BY,
    age,
    apply,
    days_ago,
    forgotten,
    old_group,
)

MakeApi = Callable[[str], Api]


@pytest.fixture(autouse=True)
def _thirty_days(settings: Settings) -> None:
    settings.CHAT_RETENTION_GROUP_DAYS = 30


async def filled(instance: Instance, who: Api, count: int) -> str:
    group = await old_group(instance, who.user_id)
    for number in range(count):
        await who.send(group, f"text {number}")
    await age(instance, group, days=31)
    return group


async def tombstones(instance: Instance, group: str) -> int:
    stored = await instance.store.list_messages(group, first_seq=1, last_seq=1_000)
    return sum(one.deleted_at is not None for one in stored)


@everywhere
async def test_a_killed_run_goes_on_where_it_was(instance: Instance, api: MakeApi) -> None:
    """With what it has left of a message, and without changing a message twice."""
    group = await filled(instance, api("ann"), 5)
    first = (await instance.store.list_messages(group, first_seq=1, last_seq=1))[0]
    version = await api("ann").version(group)
    asked = await request_retention(instance.database, by=BY, rate=1)
    killed = Jobs(instance.jobs.parts, owner="killed")
    running = asyncio.create_task(killed.run_one(asked.id))
    async with asyncio.timeout(20):
        while await tombstones(instance, group) < 2:
            await asyncio.sleep(0.02)
    await stop_tasks(running)
    assert (await RetentionRecord.objects.aget(conversation_id=group)).done_seq >= 1
    await forgotten(asked)

    job = await apply(instance)

    assert job.id == asked.id
    assert job.state is JobState.DONE
    assert await tombstones(instance, group) == 5
    assert await api("ann").version(group) == version + 5
    assert job.result is not None
    assert job.result["messages"]["group"] in {3, 4, 5}  # a kill loses the count of a message
    assert (await instance.store.get_messages(group, [first.id]))[first.id].content_hash == ""


async def test_a_killed_run_leaves_no_reaction(instance: Instance, api: MakeApi) -> None:
    """Also if it was killed after the commit that deleted the message."""
    group = await filled(instance, api("ann"), 1)
    (message,) = await instance.store.list_messages(group, first_seq=1, last_seq=1)
    path = f"/conversations/{group}/messages/{message.id}"
    await api("ann").put(f"{path}/reactions/tea")
    entries = instance.store.reactions
    stored = await instance.store.get_conversation(group)
    assert stored is not None
    await MessageRecord.objects.filter(id=message.id).aupdate(deleted_at=stored.updated_at)
    assert await entries.list_messages_with_reactions(group, [message.id])

    await apply(instance)

    assert not await entries.list_messages_with_reactions(group, [message.id])


async def test_other_jobs_have_their_turn(instance: Instance, api: MakeApi) -> None:
    """A long run ends its turn after some seconds, and goes on after the jobs that are due."""
    group = await filled(instance, api("ann"), 4)
    parts = instance.jobs.parts
    jobs = Jobs(parts, owner="test", retention=Retention(parts, slice_seconds=0.2))
    asked = await request_retention(instance.database, by=BY, rate=1)

    paused = await jobs.run_one()

    assert paused is not None
    assert (paused.id, paused.state) == (asked.id, JobState.RUNNING)
    assert 0 < await tombstones(instance, group) < 4
    while (await JobRecord.objects.aget(id=asked.id)).state != JobState.DONE:
        await jobs.run_one(asked.id)
    assert await tombstones(instance, group) == 4
    counts = (await JobRecord.objects.aget(id=asked.id)).counts
    assert (counts["group_messages"], counts["group_conversations"]) == (4, 1)


async def test_a_run_that_pauses_in_a_conversation_finds_it_again(
    instance: Instance, api: MakeApi
) -> None:
    """Also if its messages are older than the conversation that the run did before it."""
    earlier, later = await filled(instance, api("ann"), 1), await filled(instance, api("ann"), 3)
    known = RetentionRecord.objects.filter
    await apply(instance, limit=1)
    await known(conversation_id=earlier).aupdate(oldest_at=days_ago(60), done_seq=0)
    await known(conversation_id=later).aupdate(oldest_at=days_ago(50), done_seq=0)
    await age(instance, later, days=70)

    job = await apply(instance, rate=1, seconds=0.2)

    assert job.state is JobState.DONE
    assert await tombstones(instance, later) == 3


@pytest.mark.parametrize("store_settings", ["postgresql"], indirect=True)
async def test_two_requests_are_one_run(instance: Instance, api: MakeApi) -> None:
    """While one process works on it, another one does not."""
    await filled(instance, api("ann"), 3)
    asked = await asyncio.gather(
        *(request_retention(instance.database, by=BY, rate=1) for _ in range(5))
    )
    one = asked[0]
    assert {job.id for job in asked} == {one.id}
    running = asyncio.create_task(Jobs(instance.jobs.parts, owner="one").run_one())
    async with asyncio.timeout(20):
        while (await JobRecord.objects.aget(id=one.id)).owner != "one":
            assert not running.done(), running.result()
            await asyncio.sleep(0.01)

    assert await Jobs(instance.jobs.parts, owner="other").run_one() is None

    done = await running
    assert done is not None
    assert done.state is JobState.DONE


async def test_a_limited_run_leaves_the_rest_to_the_next(instance: Instance, api: MakeApi) -> None:
    group = await filled(instance, api("ann"), 5)

    first = await apply(instance, limit=2)
    second = await apply(instance, limit=10)

    assert first.result is not None
    assert second.result is not None
    assert (first.result["messages"]["group"], first.result["limit_reached"]) == (2, True)
    assert first.result["conversations"]["group"] == 1
    assert (second.result["messages"]["group"], second.result["limit_reached"]) == (3, False)
    assert await tombstones(instance, group) == 5


async def test_the_rate_bounds_a_run(instance: Instance, api: MakeApi) -> None:
    await filled(instance, api("ann"), 6)
    loop = asyncio.get_running_loop()
    begun = loop.time()

    await apply(instance, rate=3)

    assert loop.time() - begun >= 2.0


async def test_a_conversation_that_fails_holds_up_no_other(
    instance: Instance, api: MakeApi
) -> None:
    """The result names it, and the next run tries it again."""
    broken, group = await filled(instance, api("ann"), 2), await filled(instance, api("ann"), 1)
    damaged = MessageRecord.objects.filter(conversation_id=broken, seq=1)
    await damaged.aupdate(attachments=[{"broken": True}])

    job = await apply(instance)

    assert job.result is not None
    assert (job.result["failed"], job.result["failed_conversations"]) == (1, [broken])
    assert await tombstones(instance, group) == 1
    await damaged.aupdate(attachments=None)
    again = await apply(instance)
    assert again.result is not None
    assert (again.result["failed"], again.result["messages"]["group"]) == (0, 2)


@everywhere
async def test_messages_that_people_deleted_lose_the_digest_of_their_content(
    instance: Instance, api: MakeApi
) -> None:
    """The digest would show whether a guess of a short text is right. Until then, a retry of the
    request gets the tombstone. They count as deleted by their authors, and change once."""
    group = await filled(instance, api("ann"), 2)
    yes = await api("ann").send(group, "yes", client_id="c-1")
    await api("ann").delete(f"/conversations/{group}/messages/{yes['id']}")
    await age(instance, group, days=31)
    version = await api("ann").version(group)
    stored = instance.store
    assert (await stored.get_messages(group, [yes["id"]]))[yes["id"]].content_hash

    job = await apply(instance)

    assert job.result is not None
    assert job.result["messages"]["group"] == 2
    tombstone = (await stored.get_messages(group, [yes["id"]]))[yes["id"]]
    assert (tombstone.content_hash, tombstone.version) == ("", version + 3)
    changes = ok(await api("ann").get(f"/conversations/{group}/changes", since=version))
    assert [one["seq"] for one in changes["messages"]] == [1, 2, 3]
    await RetentionRecord.objects.filter(conversation_id=group).aupdate(
        done_seq=0, oldest_at=days_ago(40)
    )
    await apply(instance)
    assert await api("ann").version(group) == version + 3
