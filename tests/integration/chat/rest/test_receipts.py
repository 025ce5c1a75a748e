"""Read receipts and typing indicators over REST."""

import asyncio

import pytest

from messaging.runtime.instance import Instance
from messaging.services import sessions
from tests.frames import read_frame
from tests.integration.chat import Api, Json, ok, problem, wrong_fields
from tests.outlets import SIGNED_IN_AT, Outlet


async def read(person: Api, conversation: str, seq: int) -> Json:
    return ok(await person.post(f"/conversations/{conversation}/read", seq=seq))


async def receipts(person: Api, conversation: str) -> dict[str, tuple[int, int]]:
    """(read_seq, delivered_seq) by user id."""
    items = ok(await person.get(f"/conversations/{conversation}/receipts"))["items"]
    return {item["user_id"]: (item["read_seq"], item["delivered_seq"]) for item in items}


async def test_reading_moves_forward_only(ann: Api, bob: Api) -> None:
    """An older seq changes nothing and tells where one is."""
    group = await ann.group(bob)
    for _ in range(5):
        await ann.send(group)

    assert await read(bob, group, 3) == {"read_seq": 3, "unread_count": 2}
    assert await read(bob, group, 2) == {"read_seq": 3, "unread_count": 2}
    assert await read(bob, group, 0) == {"read_seq": 3, "unread_count": 2}
    assert await read(bob, group, 5) == {"read_seq": 5, "unread_count": 0}
    seen = await bob.conversation(group)
    assert (seen["read_seq"], seen["unread_count"]) == (5, 0)


async def test_everybodys_receipts(ann: Api, bob: Api, cid: Api) -> None:
    """Of everybody who is there: what they sent they have read, what they read they received."""
    group = await ann.group(bob, cid)
    for _ in range(3):
        await ann.send(group)
    await bob.send(group)
    await read(bob, group, 2)
    await read(cid, group, 1)

    assert await receipts(ann, group) == {"ann": (3, 3), "bob": (4, 4), "cid": (1, 1)}
    await cid.delete(f"/conversations/{group}/participants/me")
    assert await receipts(ann, group) == {"ann": (3, 3), "bob": (4, 4)}


async def test_many_devices_at_once(ann: Api, bob: Api) -> None:
    """The furthest stays."""
    group = await ann.group(bob)
    for _ in range(10):
        await ann.send(group)

    await asyncio.gather(*(read(bob, group, seq) for seq in (3, 10, 1, 7, 9, 2, 8)))

    assert (await receipts(bob, group))["bob"] == (10, 10)


async def test_what_the_others_are_shown(instance: Instance, ann: Api, bob: Api) -> None:
    """Never less than the receipts say: what one sent, one has read and received."""
    group = await ann.group(bob)
    frames: list[str] = []
    connection = await sessions.open_session(
        instance, user_id="ann", signed_in_at=SIGNED_IN_AT, outlet=Outlet(frames.append)
    )
    for person in (ann, bob):
        await person.send(group)

    await read(bob, group, 1)

    shown = read_frame(frames[-1])
    assert shown["type"] == "receipt.updated"
    assert shown["data"] == {"user_id": "bob", "read_seq": 2, "delivered_seq": 2}
    sessions.close_session(instance, connection)


async def test_what_does_not_exist_cannot_be_read(ann: Api, bob: Api) -> None:
    group = await ann.group(bob)
    await ann.send(group)

    answer = await bob.post(f"/conversations/{group}/read", seq=2)

    assert wrong_fields(answer) == [("seq", "max_value")]
    assert (await bob.conversation(group))["unread_count"] == 1


@pytest.mark.parametrize("seq", [-1, 1.5, 1.0, "1", True, None, [1], 2**53, 10**30])
async def test_no_seq(ann: Api, seq: object) -> None:
    group = await ann.group()
    await ann.send(group)

    answer = await ann.post(f"/conversations/{group}/read", seq=seq)

    assert [name for name, _ in wrong_fields(answer)] == ["seq"]


async def test_typing(ann: Api, bob: Api) -> None:
    """202, with or without a body; nothing is stored."""
    group = await ann.group(bob)
    path = f"/conversations/{group}/typing"

    answers = [
        await ann.request("POST", path),
        await ann.post(path),
        await ann.post(path, typing=True),
        await ann.post(path, typing=False),
    ]

    assert [answer.status_code for answer in answers] == [202] * 4
    assert await ann.version(group) == 0


@pytest.mark.parametrize("typing", ["yes", 1, None, []])
async def test_no_typing(ann: Api, typing: object) -> None:
    group = await ann.group()

    answer = await ann.post(f"/conversations/{group}/typing", typing=typing)

    assert [name for name, _ in wrong_fields(answer)] == ["typing"]


async def test_strangers_neither_read_nor_type(ann: Api, bob: Api, cid: Api) -> None:
    group, direct = await ann.group(bob), await ann.direct(bob)
    for conversation, refusal in (
        (group, (403, "not_a_participant")),
        (direct, (404, "conversation_not_found")),
    ):
        for answer in (
            await cid.post(f"/conversations/{conversation}/read", seq=0),
            await cid.get(f"/conversations/{conversation}/receipts"),
            await cid.post(f"/conversations/{conversation}/typing"),
        ):
            assert problem(answer) == refusal
