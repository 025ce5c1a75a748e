"""What people see of each other: after a block, and of somebody who reads privately."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from messaging.presence import watchers
from messaging.runtime.instance import Instance
from messaging.services.operators.delivery_outcomes import list_deliveries
from tests.integration.chat import Api, Json, ok
from tests.unit.chat.wire import Wire

Connect = Callable[[str], Any]


class Told:
    """A socket, and the frames that came by it."""

    def __init__(self, instance: Instance, user_id: str) -> None:
        self.wire = Wire(instance, user_id)
        self.frames: list[Json] = []

    async def ask(self, kind: str, **fields: Any) -> Json:
        """The answer to a command; what comes before it is kept."""
        self.wire.command(id=kind, type=kind, **fields)
        while (frame := await self.wire.frame()).get("id") != kind:
            self.frames.append(frame)
        return frame

    async def until_pong(self) -> list[Json]:
        """Everything that came up to the answer to a ping."""
        await self.ask("ping")
        new, self.frames = self.frames, []
        return new

    async def of(self, kind: str) -> list[Json]:
        return [frame["data"] for frame in await self.until_pong() if frame["type"] == kind]

    async def next_of(self, kind: str) -> Json:
        """The data of the next such event, which is the only one that has come."""
        async with asyncio.timeout(10):
            while not (events := await self.of(kind)):
                await asyncio.sleep(0.01)
        (event,) = events
        return event


@pytest_asyncio.fixture
async def connect(instance: Instance) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as open_sockets:

        async def enter(user_id: str) -> Told:
            socket = Told(instance, user_id)
            await socket.wire.opened()
            open_sockets.push_async_callback(socket.wire.end)
            return socket

        yield enter


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchers, "_LOOK_SECONDS", 0.02)


async def present(asking: Api, *people: str) -> list[str]:
    items = ok(await asking.get("/presence", user_ids=",".join(people)))["items"]
    return [item["user_id"] for item in items]


async def block(by: Api, whom: Api) -> None:
    assert (await by.request("PUT", f"/blocks/{whom.user_id}")).status_code == 204


async def receipts(asking: Api, conversation: str) -> dict[str, tuple[int, int]]:
    items = ok(await asking.get(f"/conversations/{conversation}/receipts"))["items"]
    return {item["user_id"]: (item["read_seq"], item["delivered_seq"]) for item in items}


async def delivery(asking: Api, message: Json) -> dict[str, Json]:
    path = f"/conversations/{message['conversation_id']}/messages/{message['id']}/delivery"
    return {item["user_id"]: item for item in ok(await asking.get(path))["items"]}


@pytest.mark.parametrize("only_group", [False, True], ids=["direct", "only a group"])
async def test_no_presence_between_two_of_whom_one_blocks_the_other(
    ann: Api, bob: Api, cid: Api, connect: Connect, only_group: bool
) -> None:
    """Neither asked for nor watched, in either direction, from the block on and until its end;
    everybody else goes on seeing them."""
    await ann.group(bob, cid)
    if not only_group:
        await ann.direct(bob)
    watching = await connect("ann"), await connect("bob"), await connect("cid")
    for socket in watching:
        await socket.ask("presence.watch", user_ids=["ann", "bob", "cid", "dan"])
    assert await present(ann, "bob", "cid") == ["bob", "cid"]

    await block(bob, ann)

    assert await present(ann, "bob", "cid") == ["cid"]
    assert await present(bob, "ann", "cid") == ["cid"]
    assert await present(cid, "ann", "bob") == ["ann", "bob"]
    answer = await watching[0].ask("presence.watch", user_ids=["bob", "cid"])
    assert [item["user_id"] for item in answer["data"]["items"]] == ["cid"]
    for socket in watching:
        await socket.until_pong()
    await watching[1].wire.end()
    assert await eventually_told(watching[2]) == [("bob", "offline")]
    assert await watching[0].of("presence.changed") == []

    await bob.delete("/blocks/ann")
    assert await present(ann, "bob", "cid") == ["bob", "cid"]
    await connect("bob")
    assert await eventually_told(watching[0]) == [("bob", "online")]


async def eventually_told(socket: Told) -> list[tuple[str, str]]:
    async with asyncio.timeout(5):
        while not (events := await socket.of("presence.changed")):
            await asyncio.sleep(0.01)
    return [(event["user_id"], event["status"]) for event in events]


async def test_no_receipts_between_two_of_whom_one_blocks_the_other(
    ann: Api, bob: Api, connect: Connect
) -> None:
    """In their direct conversation: not live, not asked for, not by delivery. In groups they stay.
    Each still sees what is their own."""
    direct, group = await ann.direct(bob), await ann.group(bob)
    messages = {id_: await ann.send(id_) for id_ in (direct, group)}
    listening, own = await connect("ann"), await connect("bob")

    await block(ann, bob)
    for conversation in (direct, group):
        await own.ask("receipt.delivered", conversation_id=conversation, seq=1)
        await own.ask("receipt.read", conversation_id=conversation, seq=1)

    told = [f for f in await listening.until_pong() if f["type"] == "receipt.updated"]
    assert {frame["conversation_id"] for frame in told} == {group}
    assert await receipts(ann, direct) == {"ann": (1, 1)}
    assert await receipts(bob, direct) == {"bob": (1, 1)}
    assert await receipts(ann, group) == {"ann": (1, 1), "bob": (1, 1)}
    assert (await delivery(ann, messages[group]))["bob"]["state"] == "read"
    hidden = (await delivery(ann, messages[direct]))["bob"]
    assert (hidden["state"], hidden["delivered"], hidden["read"]) == ("pending", False, False)
    assert "blocked" not in str(hidden)


async def test_reading_privately(ann: Api, bob: Api, cid: Api, connect: Connect) -> None:
    """Others see nothing read, whatever was read or sent before or since, in events, receipts and
    delivery; one's own sockets and answers tell the truth."""
    group = await ann.group(bob, cid)
    message = await ann.send(group)
    await bob.send(group)
    await bob.post(f"/conversations/{group}/read", seq=2)
    assert (await receipts(ann, group))["bob"] == (2, 2)

    settings = ok(await bob.patch("/me/preferences", private_reading=True))

    assert settings["private_reading"] is True
    assert ok(await bob.get("/me/preferences")) == settings
    last = await ann.send(group)
    listening, own = await connect("ann"), await connect("bob")
    read = ok(await bob.post(f"/conversations/{group}/read", seq=3))
    assert read == {"read_seq": 3, "unread_count": 0}
    event = await listening.next_of("receipt.updated")  # a second after the one before
    assert (event["user_id"], event["read_seq"], event["delivered_seq"]) == ("bob", 0, 3)
    (event,) = await own.of("receipt.updated")
    assert (event["read_seq"], event["unread_count"]) == (3, 0)
    assert (await receipts(ann, group))["bob"] == (0, 3)
    assert (await receipts(bob, group))["bob"] == (3, 3)
    for one in (message, last):
        found = (await delivery(ann, one))["bob"]
        assert (found["state"], found["read"], found["delivered"]) == ("delivered", False, True)

    await ok_patch(bob, private_reading=False)
    assert (await receipts(ann, group))["bob"] == (3, 3)


async def ok_patch(person: Api, **settings: Any) -> None:
    ok(await person.patch("/me/preferences", **settings))


async def test_the_moment_of_reading_privately(ann: Api, bob: Api, connect: Connect) -> None:
    """Shows in no event: what was delivered before is not told again. The same with what is
    acknowledged by somebody who has sent something."""
    group = await ann.group(bob)
    await ok_patch(bob, private_reading=True)
    await ann.send(group)
    await bob.send(group)
    await ann.send(group)
    listening, own = await connect("ann"), await connect("bob")

    await own.ask("receipt.delivered", conversation_id=group, seq=3)
    (event,) = await listening.of("receipt.updated")
    assert (event["read_seq"], event["delivered_seq"]) == (0, 3)
    await own.ask("receipt.read", conversation_id=group, seq=3)

    assert await listening.of("receipt.updated") == []
    assert [event["read_seq"] for event in await own.of("receipt.updated")] == [3]


async def test_an_acknowledgement_names_what_was_told_to_be_read(
    ann: Api, bob: Api, connect: Connect
) -> None:
    """And nothing older."""
    group = await ann.group(bob)
    for _ in range(3):
        await ann.send(group)
    listening, own = await connect("ann"), await connect("bob")

    await own.ask("receipt.read", conversation_id=group, seq=2)
    await own.ask("receipt.delivered", conversation_id=group, seq=3)

    events = await listening.of("receipt.updated")
    assert [(event["read_seq"], event["delivered_seq"]) for event in events] == [(2, 2), (2, 3)]


async def test_why_not_is_for_operators_and_oneself(
    instance: Instance, ann: Api, bob: Api, cid: Api
) -> None:
    """A sender sees how far a message came; not why, when, or on which device."""
    group = await ann.group(bob, cid)
    await ann.post(f"/conversations/{group}/participants", user_ids=["bob"], role="member")
    message = await ann.send(group)

    items = await delivery(ann, message)

    nothing: Json = {"reason": "", "at": None, "devices": {}}
    assert items["bob"]["push"] == {"verdict": "dropped", **nothing}
    assert items["bob"]["state"] == "pending"
    conversation = await instance.store.get_conversation(group)
    stored = await instance.store.get_messages(group, [message["id"]])
    assert conversation is not None
    full = {
        one.user_id: one
        for one in await list_deliveries(instance, conversation, stored[message["id"]])
    }
    assert full["bob"].reason == "no_device"
    assert full["bob"].at is not None

    await ann.patch(f"/conversations/{group}/participants/bob", role="admin")
    own = await delivery(bob, message)
    assert own["bob"]["push"]["reason"] == "no_device"
    assert own["bob"]["push"]["at"] is not None
    assert own["cid"]["push"] == {"verdict": "dropped", **nothing}


async def notified(instance: Instance, conversation: str, message: Json) -> None:
    """Return once it is decided whom of its people to notify."""
    async with asyncio.timeout(30):
        verdicts: list[object] = []
        while len(verdicts) < 2 or None in verdicts:  # None: somebody is about to push
            decided = await instance.decisions.list_decisions(conversation, message["id"])
            verdicts = [decision.verdict for decision in decided.values()]
            await asyncio.sleep(0.01)


async def test_the_verdict_does_not_tell_of_private_reading(
    instance: Instance, settings: Settings, ann: Api, bob: Api, cid: Api, connect: Connect
) -> None:
    """Whether it was read before or after it was decided whom to notify; oneself and operators see
    the truth. Without private reading it shows."""
    settings.CHAT_NOTIFICATIONS = {"grace": 900}
    group = await ann.group(bob, cid)
    await ok_patch(bob, private_reading=True)
    for person in (bob, cid):
        await person.request(
            "PUT", "/devices/phone", json={"token": person.user_id, "platform": "web"}
        )
    read_after = await ann.send(group)
    await notified(instance, group, read_after)
    before = (await delivery(ann, read_after))["bob"]["push"]
    await bob.post(f"/conversations/{group}/read", seq=1)
    assert (await delivery(ann, read_after))["bob"]["push"] == before

    for name in ("bob", "cid"):
        await connect(name)  # so that it is not decided before they have had time to acknowledge
    read_before = await ann.send(group)
    assert (await delivery(ann, read_before))["bob"]["push"]["verdict"] == "pending"
    for person in (bob, cid):
        await person.post(f"/conversations/{group}/read", seq=2)

    shown = await delivery(ann, read_before)
    assert shown["bob"]["push"]["verdict"] == "pending"
    assert (shown["bob"]["read"], shown["bob"]["state"]) == (False, "delivered")
    assert shown["cid"]["push"]["verdict"] == "dropped"
    assert shown["cid"]["state"] == "read"
    await ann.patch(f"/conversations/{group}/participants/bob", role="admin")
    own = (await delivery(bob, read_before))["bob"]
    assert (own["push"]["verdict"], own["push"]["reason"]) == ("dropped", "acknowledged")
    assert own["read"] is True


async def test_no_device_does_not_tell_of_private_reading(ann: Api, bob: Api, cid: Api) -> None:
    """The verdict is the same before and after it was read. Without private reading it shows."""
    group = await ann.group(bob, cid)
    await ok_patch(bob, private_reading=True)
    message = await ann.send(group)
    before = await delivery(ann, message)

    for person in (bob, cid):
        await person.post(f"/conversations/{group}/read", seq=1)

    after = await delivery(ann, message)
    assert before["bob"]["push"] == after["bob"]["push"]
    assert before["bob"]["push"]["verdict"] == "pending"
    assert before["cid"]["push"]["verdict"] == after["cid"]["push"]["verdict"] == "dropped"


async def test_private_reading_is_no_activity(ann: Api, bob: Api, connect: Connect) -> None:
    """By both doors: whoever looks at the last activity learns nothing of it. Other acts show."""
    group = await ann.group(bob)
    await ok_patch(bob, private_reading=True)
    for _ in range(2):
        await ann.send(group)
    own = await connect("bob")

    async def last_active_at() -> str | None:
        items = ok(await ann.get("/presence", user_ids="bob"))["items"]
        at: str | None = items[0]["last_active_at"]
        return at

    await own.ask("receipt.read", conversation_id=group, seq=1)
    await bob.post(f"/conversations/{group}/read", seq=2)
    assert await last_active_at() is None

    await ok_patch(bob, private_reading=False)
    await bob.post(f"/conversations/{group}/read", seq=2)
    assert await last_active_at() is not None
