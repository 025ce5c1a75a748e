"""A person is erased from every place but those that the receipt names."""

import asyncio
import random
import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.conf import settings
from redis.asyncio import Redis

from messaging.changes.erasing import EraseFromMessage
from messaging.domain.people import FOREVER
from messaging.domain.personal_data.audit import Actor, ActorKind
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.models import (
    JobRecord,
    LegalHoldRecord,
    WebhookDeliveryRecord,
    WebhookEndpointRecord,
)
from messaging.personal_data.evidence import Evidence, hash_of
from messaging.personal_data.requests import request_erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, ok, problem
from tests.integration.personal_data import PAST, places_of
from tests.integration.personal_data.conftest import everywhere, everywhere_at_length
from tests.integration.personal_data.planted import World, plant
from tests.moments import lapse

BY = Actor(kind=ActorKind.COMMAND, name="test")
MakeApi = Callable[[str], Api]


async def erase(instance: Instance, jobs: Jobs, user_id: str) -> Job:
    asked = await request_erasure(instance.database, person_id=user_id, by=BY, reason="asked")
    done = await jobs.run_one(asked.id)
    assert done is not None
    return done


async def settled(instance: Instance) -> None:
    """Wait until what runs in the background has come."""
    assert instance.search is not None
    await instance.search.catch_up()
    await instance.attachments.sweep.sweep()


async def noted(instance: Instance, world: World) -> None:
    """Wait until Redis has when the person acted last: it is written a moment later."""
    if settings.REDIS is None:
        return
    user_id = world.eve.user_id
    instance.presence.changed(user_id)
    acted_at = (await instance.presence.look([user_id])).acted_at[user_id]
    key, expected = f"chat:presence:acted:{user_id}", f"{acted_at:.3f}"
    address = settings.REDIS["address"]
    async with asyncio.timeout(20), Redis.from_url(address, decode_responses=True) as client:
        while await client.get(key) != expected:
            await asyncio.sleep(0.02)


def unnamed(places: dict[str, str], world: World) -> dict[str, str]:
    """The places that the receipt does not name: the id stays in the direct conversation, in the
    revocation of sign-ins, and in the job itself for a day."""
    named = {
        f"document conversations/{world.direct}",
        f"document users/{world.eve.user_id}",
    }
    tables = ("table messaging_person ", "table messaging_job ")
    return {
        place: content
        for place, content in places.items()
        if place not in named
        and not place.startswith(tables)
        and not (world.direct in content and place.startswith("table messaging_"))
        and f"x{world.eve.user_id}" not in content  # another person
    }


@everywhere
async def test_nothing_is_left_but_what_the_receipt_names(
    instance: Instance, jobs: Jobs, api: MakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    """The logs, which the receipt names for the ids in them, have never had a text."""
    world = await plant(instance, api)
    await settled(instance)
    await noted(instance, world)
    user_id, mark = world.eve.user_id, world.mark
    before = await places_of(user_id, mark)
    assert len(before) > 20, sorted(before)

    done = await erase(instance, jobs, user_id)
    await settled(instance)

    assert done.state is JobState.DONE, done
    texts = await places_of(mark)
    reported = {one for one in texts if "report_cop" in one}  # an open report keeps its copy
    files = {one for one in texts if one.startswith("file ")}
    attachments = {
        one for one in texts if "messaging_attachment " in one or "document attachments/" in one
    }
    assert set(texts) - reported - files - attachments == set(), texts
    assert (len(reported), len(files), len(attachments)) == (1, 1, 1)
    assert unnamed(dict(await places_of(user_id)), world) == {}
    receipt = done.result
    assert receipt is not None
    removed = receipt["removed"]
    assert removed["messages"] == 6
    assert {
        *("conversations", "mentions", "reactions", "system_messages", "devices", "profiles"),
        *("settings", "search_entries", "reports", "report_copies", "attachments"),
        *("webhook_deliveries", "service_history", "admin_history", "audit_trail"),
        *("notification_decisions", "unsent_attachments"),
    } <= set(removed)
    assert ("redis_keys" in removed) is (settings.REDIS is not None)
    stays = " ".join(one["what"] for one in receipt["stays"])
    assert "open reports" in stays
    assert user_id not in str(receipt)
    assert mark not in str(receipt)
    assert user_id in caplog.text
    assert mark not in caplog.text


@everywhere_at_length
async def test_others_see_tombstones(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """In their places, without a name; what others wrote stays."""
    world = await plant(instance, api)

    done = await erase(instance, jobs, world.eve.user_id)

    seen = ok(await world.ann.get(f"/conversations/{world.group}/messages", limit=100))["items"]
    own = [one for one in seen if one["sender_id"] == done.erased_id]
    assert len(own) == 3
    assert {(one["text"], one["client_id"]) for one in own} == {(None, None)}
    assert all(one["deleted_at"] for one in own)
    (theirs,) = [one for one in seen if one["text"] == "of Ann"]
    assert theirs["mentions"] == []
    assert theirs["reactions"] == {"tea": {"count": 1, "user_ids": [world.bob.user_id]}}
    assert [one["seq"] for one in seen] == list(range(1, len(seen) + 1))
    people = (await world.ann.conversation(world.group))["participants"]
    assert [one["user_id"] for one in people] == [world.ann.user_id, world.bob.user_id]
    direct = await world.ann.conversation(world.direct)
    assert {one["user_id"] for one in direct["participants"]} == {
        world.ann.user_id,
        world.eve.user_id,
    }
    assert (await world.bob.conversation(world.left))["last_message"]["sender_id"] == (
        done.erased_id
    )


async def test_the_person_is_kept_out_meanwhile_and_may_come_back(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """As somebody new: by a later sign-in."""
    world = await plant(instance, api)
    asked = await request_erasure(instance.database, person_id=world.eve.user_id, by=BY)
    running = asyncio.create_task(jobs.run_one(asked.id))
    while not await is_refused(world.eve):
        await asyncio.sleep(0)
    await running

    assert problem(await world.eve.get("/me")) == (401, "token_revoked")
    await lapse(1.1)  # a token says the second in which it was issued
    world.eve.sign_in()
    me = ok(await world.eve.get("/me"))
    assert (me["name"], me["unread_total"]) == (None, 1)  # what Ann answered
    assert await is_missing(world)


async def is_refused(who: Api) -> bool:
    return (await who.get("/me")).status_code != 200


async def is_missing(world: World) -> bool:
    answer = await world.eve.get(f"/conversations/{world.group}")
    return problem(answer) == (403, "not_a_participant")


async def test_doing_it_again_changes_nothing(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """Whoever asks while it is not done gets the same job."""
    world = await plant(instance, api)
    first = await request_erasure(instance.database, person_id=world.eve.user_id, by=BY)
    assert (await request_erasure(instance.database, person_id=world.eve.user_id, by=BY)).id == (
        first.id
    )
    await jobs.run_one(first.id)
    version = await world.ann.version(world.group)

    again = await erase(instance, jobs, world.eve.user_id)

    assert again.id != first.id
    assert again.state is JobState.DONE
    assert again.result is not None
    assert set(again.result["removed"]) <= {"audit_trail", "redis_keys", "profiles"}
    assert await world.ann.version(world.group) == version


async def test_the_last_owner_leaves_the_group_to_somebody(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """To the first admin, else to the first other person."""
    world = await plant(instance, api)
    group = await world.eve.group(world.ann, world.bob)
    await world.eve.patch(f"/conversations/{group}/participants/{world.bob.user_id}", role="admin")

    await erase(instance, jobs, world.eve.user_id)

    people = (await world.ann.conversation(group))["participants"]
    assert {one["user_id"]: one["role"] for one in people} == {
        world.ann.user_id: "member",
        world.bob.user_id: "owner",
    }


async def test_the_evidence_names_nobody(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """It is found by the keyed hash of the id."""
    world = await plant(instance, api)

    done = await erase(instance, jobs, world.eve.user_id)

    evidence = Evidence(instance.attachments.storage)
    hashed = hash_of(world.eve.user_id)
    assert hashed in await evidence.list_hashes()
    assert await evidence.get(hashed) == done.result


@everywhere_at_length
async def test_it_goes_on_after_it_was_killed(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """At any moment, again and again: then another process goes on when the lease has ended."""
    world = await plant(instance, api)
    await settled(instance)
    await noted(instance, world)
    asked = await request_erasure(instance.database, person_id=world.eve.user_id, by=BY)
    kills = 0
    chance = random.Random(7)
    record = JobRecord.objects.filter(id=asked.id)
    while (await record.aget()).state != JobState.DONE:
        running = asyncio.create_task(jobs.run_one(asked.id))
        longest = 0.3 * 1.1**kills  # on a slow machine too, it comes to its end
        done, _ = await asyncio.wait([running], timeout=chance.uniform(0.01, longest))
        if not done:
            running.cancel()
            await asyncio.wait([running])
            kills += 1
        await record.aupdate(leased_until=None)

    assert kills >= 2
    await settled(instance)
    assert unnamed(dict(await places_of(world.eve.user_id)), world) == {}
    texts = await places_of(world.mark)
    assert not [
        one for one in texts if "message " in one or "/messages/" in one or "search" in one
    ], texts


@everywhere_at_length
async def test_a_kill_after_a_commit_leaves_no_words(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """The search index removes a deleted message some time later. An erasure does not wait for it,
    also where the message is a tombstone already."""
    world = await plant(instance, api)
    await settled(instance)
    await instance.following.stop()
    asked = await request_erasure(instance.database, person_id=world.eve.user_id, by=BY)
    record = await JobRecord.objects.aget(id=asked.id)
    erasing = EraseFromMessage(
        user_id=world.eve.user_id, erased_id=record.erased_id, message_id=world.message
    )
    await instance.writer.submit(world.group, erasing)

    done = await jobs.run_one(asked.id)

    assert done is not None
    assert not [one for one in await places_of(world.mark) if "search" in one]


async def test_a_legal_hold_defers_it(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """On the person, or on a conversation that they are or were in; the receipt waits too."""
    world = await plant(instance, api)
    for kind, subject in (("person", world.eve.user_id), ("conversation", world.left)):
        hold = await LegalHoldRecord.objects.acreate(kind=kind, subject=subject, reason="court")
        asked = await request_erasure(instance.database, person_id=world.eve.user_id, by=BY)

        held = await jobs.run_one(asked.id)

        assert held is not None
        assert (held.state, held.result) == (JobState.HELD, {"held_by": [kind]})
        assert ok(await world.eve.get("/me"))["name"] == f"Eve {world.mark}"
        await hold.adelete()
        await JobRecord.objects.filter(id=asked.id).aupdate(due_at=PAST)

    done = await jobs.run_one(asked.id)
    assert done is not None
    assert done.state is JobState.DONE


async def test_the_id_is_forgotten_a_day_later(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """With the revocation of sign-ins whose tokens have expired by then."""
    world = await plant(instance, api)
    done = await erase(instance, jobs, world.eve.user_id)
    assert await jobs.run_one(done.id) is None  # not yet
    await JobRecord.objects.filter(id=done.id).aupdate(due_at=PAST)

    await jobs.run_one(done.id)

    record = await JobRecord.objects.aget(id=done.id)
    assert (record.person_id, record.due_at) == ("", None)
    assert record.result == done.result
    await settled(instance)
    left = {
        place
        for place, content in (await places_of(world.eve.user_id)).items()
        if world.direct not in content and f"x{world.eve.user_id}" not in content
    }
    assert left == set()


async def test_a_ban_stays(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    world = await plant(instance, api)
    await instance.people.set_ban(world.eve.user_id, until=FOREVER)

    done = await erase(instance, jobs, world.eve.user_id)

    assert done.result is not None
    assert any("ban" in one["what"] for one in done.result["stays"])
    access = await instance.people.get_access(world.eve.user_id)
    assert access.banned_until == FOREVER


async def test_endpoints_are_told(instance: Instance, jobs: Jobs, api: MakeApi) -> None:
    """Once, with the id that they know."""
    world = await plant(instance, api)
    endpoint = await WebhookEndpointRecord.objects.afirst()
    assert endpoint is not None
    await WebhookEndpointRecord.objects.filter(pk=endpoint.pk).aupdate(enabled=True)

    done = await erase(instance, jobs, world.eve.user_id)

    event = await WebhookDeliveryRecord.objects.aget(type="user.erased")
    assert event.detail == {
        "job_id": done.id,
        "user_id": world.eve.user_id,
        "erased_id": done.erased_id,
    }


@pytest.mark.fuzz
@everywhere
async def test_somebody_in_a_thousand_conversations(
    instance: Instance, jobs: Jobs, api: MakeApi
) -> None:
    """And killed every second at first, then less often: the end takes some seconds."""
    tag = uuid4().hex[:10]
    eve, ann, mark = api(f"eve.{tag}"), api(f"ann.{tag}"), f"zebra{tag}"
    for number in range(1_000):
        group = await eve.group(ann, title=f"Group {number}")
        await eve.send(group, f"{mark} {number}")
    await settled(instance)
    asked = await request_erasure(instance.database, person_id=eve.user_id, by=BY)
    record = JobRecord.objects.filter(id=asked.id)
    begun, used, kills = time.monotonic(), time.process_time(), 0
    while (job := await record.aget()).state != JobState.DONE:
        running = asyncio.create_task(jobs.run_one(asked.id))
        done, _ = await asyncio.wait([running], timeout=1 + kills / 20)
        if not done:
            running.cancel()
            await asyncio.wait([running])
            kills += 1
        await record.aupdate(leased_until=None)
    seconds, cpu = time.monotonic() - begun, time.process_time() - used
    print(f"{settings.CHAT_STORE}: {seconds:.1f} s, {cpu:.1f} s of CPU, killed {kills} times")
    await settled(instance)

    assert await places_of(mark) == {}
    assert job.counts["messages"] >= 1_000 - kills
    places = ("table messaging_person", "table messaging_job", "document users/")
    left = await places_of(eve.user_id)
    assert [one for one in left if not one.startswith(places)] == []
