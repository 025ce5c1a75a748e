"""What is unread, by whatever door one asks."""

from collections.abc import Callable
from typing import Any

import pytest

from messaging.domain.uncounted import ALL_COUNTED, MAX_RANGES, Uncounted
from messaging.models import ConversationRecord
from messaging.runtime.instance import Instance
from messaging.services.operators import conversations
from tests.integration.chat import Api, ok

MakeApi = Callable[[str], Api]


async def unread(person: Api, group: str) -> set[int]:
    """What one conversation, the list, the total and a read receipt say: the same."""
    (listed,) = ok(await person.get("/conversations"))["items"]
    receipt = ok(await person.post(f"/conversations/{group}/read", seq=0))
    return {
        (await person.conversation(group))["unread_count"],
        listed["unread_count"],
        ok(await person.get("/me"))["unread_total"],
        receipt["unread_count"],
    }


async def remove(person: Api, group: str, message_id: str) -> None:
    answer = await person.delete(f"/conversations/{group}/messages/{message_id}")
    assert answer.status_code == 204


async def set_back(instance: Instance, group: str, **values: Any) -> None:
    """Change a conversation as the instance does not hear of."""
    await ConversationRecord.objects.filter(id=group).aupdate(revision=1, **values)
    instance.cache.clear()


async def test_a_deleted_message_is_unread_for_nobody(ann: Api, bob: Api, cid: Api) -> None:
    """At once, wherever they have read up to, and everybody sees which ones those are."""
    group = await ann.group(bob, cid)
    sent = [await ann.send(group, f"{number}") for number in range(6)]
    await cid.post(f"/conversations/{group}/read", seq=3)
    for number in (2, 4, 5):
        await remove(ann, group, sent[number - 1]["id"])

    assert await unread(bob, group) == {3}
    assert await unread(cid, group) == {1}
    assert await unread(ann, group) == {0}
    for person in (ann, bob, cid):
        (listed,) = ok(await person.get("/conversations"))["items"]
        assert listed["uncounted"] == [[2, 2], [4, 5]]
        assert (await person.conversation(group))["uncounted"] == [[2, 2], [4, 5]]


async def test_a_redacted_message_too(instance: Instance, ann: Api, bob: Api) -> None:
    group = await ann.group(bob)
    sent = await ann.send(group)

    await conversations.redact_message(instance, conversation_id=group, message_id=sent["id"])

    assert await unread(bob, group) == {0}


async def test_deleting_twice_counts_once(ann: Api, bob: Api) -> None:
    group = await ann.group(bob)
    sent = [await ann.send(group, f"{number}") for number in range(3)]

    for _ in range(2):
        await remove(ann, group, sent[1]["id"])

    assert await unread(bob, group) == {2}


async def test_reading_beyond_what_was_deleted(ann: Api, bob: Api) -> None:
    """A message that is deleted after it was read changes nothing."""
    group = await ann.group(bob)
    sent = [await ann.send(group, f"{number}") for number in range(3)]
    assert ok(await bob.post(f"/conversations/{group}/read", seq=2))["unread_count"] == 1

    await remove(ann, group, sent[0]["id"])

    assert await unread(bob, group) == {1}


async def test_changes_name_them(ann: Api, bob: Api) -> None:
    """For a client that was away."""
    group = await ann.group(bob)
    sent = [await ann.send(group, f"{number}") for number in range(3)]
    await remove(ann, group, sent[0]["id"])

    changes = ok(await bob.get(f"/conversations/{group}/changes?since=3"))

    conversation = changes["conversation"]
    assert (conversation["uncounted"], conversation["unread_count"]) == ([[1, 1]], 2)


async def test_unread_is_never_negative(instance: Instance, ann: Api, bob: Api) -> None:
    """Whatever ranges stand beside the conversation, as a restored backup may leave them."""
    group = await ann.group(bob)
    await ann.send(group)
    await set_back(instance, group, uncounted=Uncounted.of([[1, 900]]).encoded)

    assert await unread(bob, group) == {0}


async def test_a_deleted_group_begins_anew(
    instance: Instance, api: MakeApi, ann: Api, bob: Api
) -> None:
    """With nothing uncounted."""
    group = await ann.group(bob)
    sent = await ann.send(group)
    await remove(ann, group, sent["id"])

    await conversations.delete_conversation(instance, conversation_id=group)

    record = await ConversationRecord.objects.aget(id=group)
    assert (record.seq, record.uncounted) == (0, "")


async def test_the_most_ranges_fit_the_schema(instance: Instance, ann: Api, bob: Api) -> None:
    """Of more deletions the latest 500 ranges are named, and what lies before them counts."""
    group = await ann.group(bob)
    await ann.send(group)
    seqs = range(2, 2 * MAX_RANGES + 1, 2)
    await set_back(
        instance, group, uncounted=ALL_COUNTED.including(seqs).encoded, seq=2 * MAX_RANGES
    )

    seen = await bob.conversation(group)

    assert len(seen["uncounted"]) == MAX_RANGES
    assert seen["unread_count"] == MAX_RANGES


@pytest.mark.parametrize("name", ["Chat-Version", "Retry-After", "X-Request-ID"])
async def test_pages_may_read_our_headers(ann: Api, name: str) -> None:
    answer = await ann.request("GET", "/me", headers={"Origin": "http://localhost:3000"})

    assert name in answer.headers["Access-Control-Expose-Headers"]
