"""Presence over REST and over the socket."""

import asyncio
import gc
import weakref
from typing import Any

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.delivery.hub.connections import Connection
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.limits import get_limits
from messaging.presence import watchers
from messaging.runtime.instance import Instance
from messaging.services import participants, presence, sessions
from tests.frames import read_frame
from tests.integration.chat import Api, Json, ok, wrong_fields
from tests.moments import next_millisecond
from tests.outlets import SIGNED_IN_AT, Outlet


class Socket:
    """Somebody's connection, and the presence events that came by it."""

    def __init__(self, connection: Connection, frames: list[str]) -> None:
        self.connection = connection
        self._frames = frames

    @property
    def presence_events(self) -> list[tuple[str, str]]:
        frames = [read_frame(frame) for frame in self._frames]
        return [
            (frame["data"]["user_id"], frame["data"]["status"])
            for frame in frames
            if frame["type"] == "presence.changed"
        ]

    async def told(self, *events: tuple[str, str]) -> None:
        """Wait until it was told exactly this."""
        async with asyncio.timeout(30):
            while self.presence_events != list(events):
                await asyncio.sleep(0.01)


async def connect(instance: Instance, user_id: str) -> Socket:
    await instance.start()
    frames: list[str] = []
    connection = await sessions.open_session(
        instance, user_id=user_id, signed_in_at=SIGNED_IN_AT, outlet=Outlet(frames.append)
    )
    return Socket(connection, frames)


async def of(person: Api, *user_ids: str) -> dict[str, Json]:
    items = ok(await person.request("GET", "/presence", params={"user_ids": ",".join(user_ids)}))
    return {item["user_id"]: item for item in items["items"]}


@pytest_asyncio.fixture(autouse=True)
async def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchers, "_LOOK_SECONDS", 0.05)


async def test_who_is_there(instance: Instance, ann: Api, bob: Api, cid: Api) -> None:
    """Online with a socket, reachable with a device, else offline; strangers are left out."""
    await ann.group(bob, cid)
    body = {"token": "t", "platform": "web"}
    await cid.request("PUT", "/devices/browser", json=body)
    socket = await connect(instance, "bob")

    found = await of(ann, "bob", "cid", "dan", "bob")

    assert {user_id: item["status"] for user_id, item in found.items()} == {
        "bob": "online",
        "cid": "reachable",
    }
    assert found["bob"]["last_active_at"] is None
    sessions.close_session(instance, socket.connection)
    assert (await of(ann, "bob"))["bob"]["status"] == "offline"
    assert await of(bob, "ann", "dan") == await of(cid, "ann", "dan")


async def test_the_last_act(instance: Instance, ann: Api, bob: Api) -> None:
    """A send, a read, or the client's word; what merely arrives is none."""
    group = await ann.group(bob)
    socket = await connect(instance, "bob")
    await ann.send(group)
    assert (await of(ann, "bob"))["bob"]["last_active_at"] is None

    presence.set_activity(instance, connection=socket.connection, active=True)
    first = (await of(ann, "bob"))["bob"]["last_active_at"]
    await next_millisecond()
    await bob.post(f"/conversations/{group}/read", seq=1)

    assert first < (await of(ann, "bob"))["bob"]["last_active_at"]
    assert (await of(bob, "ann"))["ann"]["last_active_at"] is not None


async def test_too_many(ann: Api) -> None:
    people = [f"user-{number}" for number in range(get_limits().presence_users + 1)]

    answer = await ann.request("GET", "/presence", params={"user_ids": ",".join(people)})

    assert wrong_fields(answer) == [("user_ids", "max_length")]
    assert wrong_fields(await ann.get("/presence")) == [("user_ids", "required")]


async def test_watching(instance: Instance, ann: Api, bob: Api, cid: Api) -> None:
    """The present state at once, then every change of it, and nothing of strangers."""
    await ann.group(bob, cid)
    socket = await connect(instance, "ann")

    present = await presence.watch_presence(
        instance, connection=socket.connection, user_ids=["bob", "cid", "dan"]
    )
    assert [(person.user_id, person.status) for person in present] == [
        ("bob", "offline"),
        ("cid", "offline"),
    ]
    other = await connect(instance, "bob")
    await connect(instance, "dan")
    await socket.told(("bob", "online"))
    sessions.close_session(instance, other.connection)
    await socket.told(("bob", "online"), ("bob", "offline"))

    await presence.watch_presence(instance, connection=socket.connection, user_ids=["cid"])
    await connect(instance, "bob")
    await connect(instance, "cid")
    await socket.told(("bob", "online"), ("bob", "offline"), ("cid", "online"))


async def test_whoever_is_removed_is_told_no_more(
    instance: Instance, ann: Api, bob: Api, cid: Api
) -> None:
    """Neither of them of the other; what comes after that is told of somebody else."""
    group = await ann.group(bob)
    await cid.group(bob)
    bobs = await connect(instance, "bob")
    anns = await connect(instance, "ann")
    await presence.watch_presence(instance, connection=bobs.connection, user_ids=["ann", "cid"])
    await participants.remove_participant(
        instance, user_id="ann", conversation_id=group, participant_id="bob"
    )

    sessions.close_session(instance, anns.connection)
    await connect(instance, "cid")

    await bobs.told(("cid", "online"))
    assert await of(bob, "ann") == {}


async def test_large_groups_are_not_watched(
    instance: Instance, ann: Api, bob: Api, settings: Settings
) -> None:
    """Above the fan-out limit; asked for, they answer."""
    await ann.group(bob)
    socket = await connect(instance, "ann")
    settings.CHAT_LIMITS = {"fan_out_participants": 1}

    assert (
        await presence.watch_presence(instance, connection=socket.connection, user_ids=["bob"])
        == []
    )
    assert (await of(ann, "bob"))["bob"]["status"] == "offline"


def loops() -> set[asyncio.Task[Any]]:
    """The loops that run in the background."""
    return {
        task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "repeat"
    }


async def test_nobody_is_watched_for_those_who_left(
    ann: Api, bob: Api, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left over."""
    await ann.group(bob)
    socket = await connect(instance, "ann")
    before = loops()
    await presence.watch_presence(instance, connection=socket.connection, user_ids=["bob"])
    assert len(loops() - before) == 1
    connection = weakref.ref(socket.connection)

    sessions.close_session(instance, socket.connection)
    del socket

    async with asyncio.timeout(30):
        while loops() - before:
            await asyncio.sleep(0.01)
    gc.collect()
    assert connection() is None


async def test_watching_too_many(instance: Instance, ann: Api, bob: Api) -> None:
    await ann.group(bob)
    socket = await connect(instance, "ann")

    with pytest.raises(InvalidRequest):
        await presence.watch_presence(
            instance, connection=socket.connection, user_ids=["bob"] * 301
        )
