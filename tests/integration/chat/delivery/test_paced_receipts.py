"""Receipts of one person in one conversation: at once, then once a second with the latest."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from messaging.delivery.pace import Pace
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.chat import Api, Json, ok
from tests.integration.chat.services.test_visibility import Told, block
from tests.outlets import everybody_leaves

MANY = 30
LONG = 3_600.0

Connect = Callable[[str], Any]


@pytest.fixture(autouse=True)
def _slow(instance: Instance) -> None:
    """The second lasts until the test ends it."""
    instance.pace = Pace(seconds=LONG)


@pytest_asyncio.fixture
async def connect(instance: Instance) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as open_sockets:

        async def enter(user_id: str) -> Told:
            socket = Told(instance, user_id)
            await socket.wire.opened()
            open_sockets.push_async_callback(socket.wire.end)
            return socket

        yield enter


async def filled(founder: Api, *others: Api) -> str:
    group = await founder.group(*others)
    for _ in range(MANY):
        await founder.send(group)
    return group


async def shown(socket: Told) -> list[tuple[int, int]]:
    events: list[Json] = await socket.of("receipt.updated")
    return [(event["read_seq"], event["delivered_seq"]) for event in events]


async def test_acknowledging_one_by_one(
    instance: Instance, ann: Api, bob: Api, connect: Connect
) -> None:
    """One event for the first, one for the latest."""
    group = await filled(ann, bob)
    listening, own = await connect("ann"), await connect("bob")

    for seq in range(1, MANY + 1):
        await own.ask("receipt.delivered", conversation_id=group, seq=seq)
    assert await shown(listening) == [(0, 1)]

    await instance.pace.stop()
    assert await shown(listening) == [(0, MANY)]
    assert await shown(own) == []


async def test_reading_one_by_one(instance: Instance, ann: Api, bob: Api, connect: Connect) -> None:
    """By both doors. One's own sockets are told each time: they count what is unread."""
    group = await filled(ann, bob)
    listening, own = await connect("ann"), await connect("bob")

    for seq in range(1, MANY, 2):
        await own.ask("receipt.read", conversation_id=group, seq=seq)
        ok(await bob.post(f"/conversations/{group}/read", seq=seq + 1))
    assert await shown(listening) == [(1, 1)]
    told = await own.of("receipt.updated")
    assert [event["read_seq"] for event in told] == list(range(1, MANY + 1))
    assert [event["unread_count"] for event in told] == list(range(MANY - 1, -1, -1))

    await instance.pace.stop()
    assert await shown(listening) == [(MANY, MANY)]


async def test_what_was_stored_is_not_told_again(instance: Instance, ann: Api, bob: Api) -> None:
    """After a restart, whatever is acknowledged of what was acknowledged or read before."""
    group, other = await filled(ann, bob), await filled(ann, bob)
    for person, conversation, kind in (("bob", group, "delivered"), ("bob", other, "read")):
        socket = Told(instance, person)
        await socket.wire.opened()
        await socket.ask(f"receipt.{kind}", conversation_id=conversation, seq=MANY - 1)
        await socket.wire.end()
    everybody_leaves(instance)
    await instance.stop()
    async with new_instance() as restarted:
        listening, own = Told(restarted, "ann"), Told(restarted, "bob")
        for socket in (listening, own):
            await socket.wire.opened()

        for conversation in (group, other):
            for seq in (1, 2, MANY - 1):
                await own.ask("receipt.delivered", conversation_id=conversation, seq=seq)
            assert await shown(listening) == []
            await own.ask("receipt.delivered", conversation_id=conversation, seq=MANY)
            assert [seq for _, seq in await shown(listening)] == [MANY]

        for socket in (listening, own):
            await socket.wire.end()


@pytest.mark.parametrize("kind", ["read", "delivered"])
async def test_a_block_within_the_second_holds(
    instance: Instance, ann: Api, bob: Api, connect: Connect, kind: str
) -> None:
    """What may be told is decided when it is told."""
    direct = await ann.direct(bob)
    for _ in range(3):
        await ann.send(direct)
    listening, own = await connect("ann"), await connect("bob")
    for seq in (1, 2):
        await own.ask(f"receipt.{kind}", conversation_id=direct, seq=seq)
    assert len(await shown(listening)) == 1

    await block(bob, ann)
    await instance.pace.stop()

    assert await shown(listening) == []


async def test_reading_privately_within_the_second_holds(
    instance: Instance, ann: Api, bob: Api, connect: Connect
) -> None:
    group = await filled(ann, bob)
    listening, own = await connect("ann"), await connect("bob")
    for seq in (1, 2):
        await own.ask("receipt.read", conversation_id=group, seq=seq)
    assert await shown(listening) == [(1, 1)]

    ok(await bob.patch("/me/preferences", private_reading=True))
    await instance.pace.stop()

    assert [read_seq for read_seq, _ in await shown(listening)] in ([], [0])


async def test_it_comes_by_itself(instance: Instance, ann: Api, bob: Api, connect: Connect) -> None:
    """Without another act, after the second."""
    instance.pace = Pace(seconds=0.01)
    group = await filled(ann, bob)
    listening, own = await connect("ann"), await connect("bob")
    for seq in range(1, MANY + 1):
        await own.ask("receipt.read", conversation_id=group, seq=seq)
    seen: list[tuple[int, int]] = []
    async with asyncio.timeout(30):
        while (MANY, MANY) not in seen:
            seen += await shown(listening)
