"""What a run of retention removes, and what it leaves."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from messaging.domain.personal_data.jobs import JobState
from messaging.models import (
    AuditEntryRecord,
    LegalHoldRecord,
    RetentionRecord,
    RetentionRuleRecord,
)
from messaging.runtime.instance import Instance
from messaging.services.operators.conversations import delete_conversation
from messaging.services.operators.findings import Report
from messaging.services.operators.verification import verify_conversation
from messaging.stores.conversations import Commit
from tests.integration.chat import Api, ok
from tests.integration.chat.rest.files import PDF, attach
from tests.integration.personal_data import places_of
from tests.integration.personal_data.conftest import everywhere, everywhere_at_length
from tests.integration.personal_data.retention import age, apply, old_direct, old_group
from tests.links import Socket
from tests.outlets import SIGNED_IN_AT

MakeApi = Callable[[str], Api]


@pytest.fixture(autouse=True)
def _thirty_days(settings: Settings) -> None:
    settings.CHAT_RETENTION_GROUP_DAYS = 30


async def texts(who: Api, conversation_id: str) -> list[str | None]:
    answer = ok(await who.get(f"/conversations/{conversation_id}/messages"))
    return [one["text"] for one in answer["items"]]


async def sound(instance: Instance, conversation_id: str) -> Report:
    return await verify_conversation(store=instance.store, conversation_id=conversation_id)


def messages_of(result: Mapping[str, Any] | None) -> Mapping[str, int]:
    assert result is not None
    messages: Mapping[str, int] = result["messages"]
    return messages


@everywhere
async def test_nothing_is_left_of_an_old_message_but_its_tombstone(
    instance: Instance, api: MakeApi
) -> None:
    """Its text, metadata, file, earlier text, reactions and pin, and its entry in the search."""
    ann, bob = api("ann"), api("bob")
    group = await old_group(instance, "ann", "bob")
    path = f"/conversations/{group}/messages"
    file = await attach(ann, group, PDF + b"zebra", filename="zebra.pdf")
    first = await ann.send(
        group, "first zebra", metadata={"zebra": 1}, attachments=[file["id"]], client_id="c-1"
    )
    edited = await ann.send(group, "early zebra", mentions=["bob"])
    await ann.patch(f"{path}/{edited['id']}", text="late zebra")
    await bob.put(f"{path}/{first['id']}/reactions/tea")
    await ann.put(f"{path}/{first['id']}/pin")
    await age(instance, group, days=31)
    young = await bob.send(group, "young", reply_to=first["id"])
    assert instance.search is not None
    await instance.search.catch_up()
    assert len(await places_of("zebra")) > 4

    job = await apply(instance)
    await instance.attachments.sweep.sweep()
    await instance.search.catch_up()

    assert (job.state, messages_of(job.result)) == (JobState.DONE, {"direct": 0, "group": 2})
    kept = await places_of("zebra")  # the attachment's name, until its address takes no uploads
    assert all("attachment" in place for place in kept), kept
    items = ok(await bob.get(path))["items"]
    assert [(one["seq"], one["text"]) for one in items] == [(1, None), (2, None), (3, "young")]
    assert all(one["deleted_at"] for one in items[:2])
    assert items[0]["sender_id"] == "ann"
    assert items[2]["reply_to"] == first["id"]
    assert ok(await bob.get(f"/conversations/{group}/pins"))["items"] == []
    assert ok(await bob.get("/search", q="zebra"))["items"] == []
    assert (await bob.conversation(group))["last_message"]["id"] == young["id"]
    assert (await sound(instance, group)).findings == ()
    again = await ann.post(path, text="first zebra", client_id="c-1")
    assert again.json()["code"] == "client_id_reused"


@everywhere
async def test_who_is_connected_and_who_syncs_see_the_same(
    instance: Instance, api: MakeApi
) -> None:
    group = await old_group(instance, "ann", "bob")
    for number in range(3):
        await api("ann").send(group, f"old {number}")
    await age(instance, group, days=31)
    socket = Socket("bob", SIGNED_IN_AT)
    places = await instance.store.list_memberships("bob", limit=100)
    instance.hub.sessions.connect(
        socket.connection, await instance.hub.sessions.refresh("bob", places)
    )

    await apply(instance)

    seen = [await socket.next() for _ in range(3)]
    assert seen == [("message.deleted", version) for version in (5, 6, 7)]
    changes = ok(await api("bob").get(f"/conversations/{group}/changes", since=4))
    assert [(one["seq"], one["version"]) for one in changes["messages"]] == [(1, 5), (2, 6), (3, 7)]
    assert all(one["deleted_at"] for one in changes["messages"])


async def test_each_kind_has_its_own_setting(
    instance: Instance, api: MakeApi, settings: Settings
) -> None:
    """And a rule of one conversation replaces it, either way."""
    settings.CHAT_RETENTION_DIRECT_DAYS = 50
    direct = await old_direct(instance, "ann", "bob")
    groups = [await old_group(instance, "ann") for _ in range(3)]
    for id_ in (direct, *groups):
        await api("ann").send(id_, "text")
        await age(instance, id_, days=40)
    rules = RetentionRuleRecord.objects
    await rules.acreate(conversation_id=groups[1], days=None, reason="archive")
    await rules.acreate(conversation_id=groups[2], days=60, reason="longer")

    assert messages_of((await apply(instance)).result) == {"direct": 0, "group": 1}
    assert [await texts(api("ann"), one) for one in groups] == [[None], ["text"], ["text"]]

    await rules.filter(conversation_id=groups[2]).aupdate(days=39)
    await rules.acreate(conversation_id=direct, days=7, reason="shorter")
    assert messages_of((await apply(instance)).result) == {"direct": 1, "group": 1}

    await rules.all().adelete()
    assert messages_of((await apply(instance)).result) == {"direct": 0, "group": 1}
    entry = await AuditEntryRecord.objects.filter(action="retention.applied").alast()
    assert entry is not None
    assert (entry.actor, entry.detail["group_messages"]) == ("apply_retention", "1")


@everywhere_at_length
@pytest.mark.parametrize("who", ["person", "left", "conversation"])
async def test_a_legal_hold_keeps_the_messages(instance: Instance, api: MakeApi, who: str) -> None:
    """One on the conversation, or on somebody who is or was in it. Once it is lifted, they go."""
    group, other = await old_group(instance, "ann", "bob", "eve"), await old_group(instance, "zoe")
    await api("ann").send(group, "kept")
    await api("zoe").send(other, "text")
    if who == "left":
        await api("eve").delete(f"/conversations/{group}/participants/me")
    await age(instance, group, days=31)
    await age(instance, other, days=31)
    subject = {"person": "bob", "left": "eve", "conversation": group}[who]
    kind = "conversation" if who == "conversation" else "person"
    hold = await LegalHoldRecord.objects.acreate(kind=kind, subject=subject, reason="court")

    job = await apply(instance)

    assert job.result is not None
    assert job.result["held_conversations"] == {"direct": 0, "group": 1}
    assert messages_of(job.result) == {"direct": 0, "group": 1}
    assert await texts(api("ann"), group) == ["kept"]
    await hold.adelete()
    assert messages_of((await apply(instance)).result)["group"] == 1


async def test_a_hold_that_is_set_while_a_run_is_at_the_conversation(
    instance: Instance, api: MakeApi
) -> None:
    """Stops it before the next messages."""
    group = await old_group(instance, "ann")
    for number in range(5):
        await api("ann").send(group, f"text {number}")
    await age(instance, group, days=31)
    running = asyncio.create_task(apply(instance, rate=1))
    async with asyncio.timeout(20):
        while (await texts(api("ann"), group))[0] is not None:
            await asyncio.sleep(0.02)
    await LegalHoldRecord.objects.acreate(kind="conversation", subject=group, reason="court")

    job = await running

    assert job.result is not None
    assert job.result["held_conversations"]["group"] == 1
    assert [one is None for one in await texts(api("ann"), group)].count(False) >= 3


async def test_the_copy_of_a_report_stays(instance: Instance, api: MakeApi) -> None:
    group = await old_group(instance, "ann", "bob")
    file = await attach(api("ann"), group, PDF)
    foul = await api("ann").send(group, "foul zebra", attachments=[file["id"]])
    await api("bob").post("/reports", conversation_id=group, message_id=foul["id"], reason="foul")
    await age(instance, group, days=31)

    await apply(instance)
    await instance.attachments.sweep.sweep()

    places = await places_of("foul zebra")
    assert [one.split()[1] for one in places] == ["messaging_report_copy"]
    assert len([one for one in await places_of(file["id"]) if one.startswith("file ")]) == 1


async def test_a_deleted_group_is_forgotten(instance: Instance, api: MakeApi) -> None:
    """If it is created again, its messages have the numbers of those that are gone."""
    group = await old_group(instance, "ann")
    await api("ann").send(group, "text")
    await age(instance, group, days=31)
    await apply(instance)
    assert await RetentionRecord.objects.filter(conversation_id=group, done_seq=1).aexists()

    await delete_conversation(instance, conversation_id=group)

    assert not await RetentionRecord.objects.aexists()


async def test_after_a_restore_everything_is_looked_at_again(
    instance: Instance, api: MakeApi
) -> None:
    """Messages that were tombstones are back."""
    group = await old_group(instance, "ann")
    await api("ann").send(group, "text")
    await age(instance, group, days=31)
    before = await instance.store.list_latest_messages(group, limit=1)
    await apply(instance)
    assert messages_of((await apply(instance)).result)["group"] == 0

    stored = await instance.store.get_conversation(group)
    assert stored is not None
    later = replace(stored, version=stored.version + 1, last_message=before[0])
    await instance.store.commit(Commit(before=stored, after=later, replaced=before))
    await instance.stores.epochs.renew_epoch()

    assert messages_of((await apply(instance)).result)["group"] == 1
