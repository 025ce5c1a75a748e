"""Unread marks over REST and on one's own sockets."""

from collections.abc import Callable
from typing import Any

import pytest
import pytest_asyncio

from messaging.runtime.instance import Instance
from messaging.services import sessions
from tests.documents import counted_documents
from tests.frames import read_frame
from tests.integration.chat import Api, Json, ok, problem, wrong_fields
from tests.outlets import SIGNED_IN_AT, Outlet

Events = Callable[[], list[Json]]


@pytest_asyncio.fixture
async def receipts(instance: Instance, bob: Api) -> Any:
    """The data of the receipts that Bob's own socket got since the last call."""
    frames: list[str] = []
    await instance.start()
    connection = await sessions.open_session(
        instance, user_id="bob", signed_in_at=SIGNED_IN_AT, outlet=Outlet(frames.append)
    )

    def taken() -> list[Json]:
        events = [read_frame(frame) for frame in frames]
        frames.clear()
        return [one["data"] for one in events if one["type"] == "receipt.updated"]

    yield taken
    sessions.close_session(instance, connection)


async def group_of(ann: Api, bob: Api, count: int = 5) -> str:
    group = await ann.group(bob)
    for _ in range(count):
        await ann.send(group)
    return group


async def mark(person: Api, group: str, seq: object) -> Json:
    return ok(await person.request("PUT", f"/conversations/{group}/unread", json={"seq": seq}))


async def marked(person: Api, group: str) -> int | None:
    """The mark, which the list shows as well."""
    one = await person.conversation(group)
    (listed,) = [
        item for item in ok(await person.get("/conversations"))["items"] if item["id"] == group
    ]
    assert one["marked_unread"] == listed["marked_unread"]
    seq: int | None = one["marked_unread"]
    return seq


async def test_a_mark_is_ones_own(ann: Api, bob: Api, receipts: Events) -> None:
    """What is read and unread stays. Only one's own sockets hear of it."""
    group = await group_of(ann, bob)
    ok(await bob.post(f"/conversations/{group}/read", seq=3))
    receipts()

    assert await mark(bob, group, 2) == {"marked_unread": 2, "read_seq": 3, "unread_count": 2}

    assert receipts() == [
        {
            "user_id": "bob",
            "read_seq": 3,
            "delivered_seq": 3,
            "unread_count": 2,
            "marked_unread": 2,
        }
    ]
    seen = await bob.conversation(group)
    assert (seen["read_seq"], seen["unread_count"], seen["version"]) == (3, 2, 5)
    assert await marked(bob, group) == 2
    assert await marked(ann, group) is None


async def test_reading_further_ends_it(ann: Api, bob: Api, receipts: Events) -> None:
    """Reading what one has read does not, unless one says so."""
    group = await group_of(ann, bob)
    path = f"/conversations/{group}/read"
    ok(await bob.post(path, seq=3))
    await mark(bob, group, 1)

    ok(await bob.post(path, seq=3))
    assert await marked(bob, group) == 1
    ok(await bob.post(path, seq=2, clear=False))
    assert await marked(bob, group) == 1
    receipts()
    ok(await bob.post(path, seq=4))
    assert await marked(bob, group) is None
    assert [one["marked_unread"] for one in receipts()] == [None]

    await mark(bob, group, 1)
    receipts()
    assert ok(await bob.post(path, seq=2, clear=True)) == {"read_seq": 4, "unread_count": 1}
    assert await marked(bob, group) is None
    assert [(one["read_seq"], one["marked_unread"]) for one in receipts()] == [(4, None)]


async def test_sending_ends_it(ann: Api, bob: Api) -> None:
    """A later mark holds. Messages of others change nothing, even deleted ones."""
    group = await group_of(ann, bob)
    await mark(bob, group, 1)
    sent = await ann.send(group)
    await ann.delete(f"/conversations/{group}/messages/{sent['id']}")
    assert await marked(bob, group) == 1

    await bob.send(group)

    assert await marked(bob, group) is None
    await mark(bob, group, 7)
    assert await marked(bob, group) == 7


async def test_removing_it(ann: Api, bob: Api, receipts: Events) -> None:
    """Again is harmless and writes nothing."""
    group = await group_of(ann, bob)
    await mark(bob, group, 1)
    receipts()

    assert (await bob.delete(f"/conversations/{group}/unread")).status_code == 204
    assert await marked(bob, group) is None
    assert [one["marked_unread"] for one in receipts()] == [None]

    before = counted_documents()["write"]
    assert (await bob.delete(f"/conversations/{group}/unread")).status_code == 204
    assert counted_documents()["write"] == before
    assert receipts() == []


@pytest.mark.parametrize("seq", [0, -1, 1.5, "1", True, None, [1], 2**53])
async def test_no_seq(ann: Api, seq: object) -> None:
    group = await ann.group()
    await ann.send(group)

    answer = await ann.request("PUT", f"/conversations/{group}/unread", json={"seq": seq})

    assert [name for name, _ in wrong_fields(answer)] == ["seq"]


async def test_what_does_not_exist_cannot_be_marked(ann: Api, bob: Api, cid: Api) -> None:
    group = await group_of(ann, bob)
    path = f"/conversations/{group}/unread"

    assert wrong_fields(await bob.request("PUT", path, json={"seq": 6})) == [("seq", "max_value")]
    for answer in (await cid.request("PUT", path, json={"seq": 1}), await cid.delete(path)):
        assert problem(answer) == (403, "not_a_participant")
