"""What happens to sockets, and what sockets do."""

import asyncio
import socket
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from tests.chaos.raw_sockets import close_code, raw
from tests.chaos.relay import Relay
from tests.chaos.scene import Case, Scene
from tests.clients.rest import Data, Refused

_HEARTBEAT_SECONDS = 25.0
_SILENCE_SECONDS = 3 * _HEARTBEAT_SECONDS + 5.0
_SILENT = 4003
_TOO_SLOW = 4001
_LARGE = "ä" * 9_000
_LARGE_BATCHES = 80


async def slow_reader(scene: Scene) -> None:
    """Somebody reads nothing and is let go; those beside them do not notice."""
    room = min(scene.crowd.rooms, key=lambda room: len(room.people))
    one = scene.chance.choice(scene.cluster.instances)
    # A small window, and nothing that reads ahead.
    window = socket.socket()
    window.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    window.setblocking(False)
    await asyncio.get_running_loop().sock_connect(window, ("127.0.0.1", one.port))
    closes = scene.closes()
    async with raw(one.url, room.owner, sock=window, max_queue=1) as (reader, hello):
        for _ in range(_LARGE_BATCHES):
            sends = (scene.traffic.messages.send(room, room.owner, text=_LARGE) for _ in range(25))
            await asyncio.gather(*sends)
            if one.ended(hello["connection_id"]):
                break
        scene.require(one.ended(hello["connection_id"]), "a socket that does not read is kept")
        code = await close_code(reader, seconds=20)
    scene.figures["the slow reader was closed with"] = code or "nothing"
    scene.require(code in {_TOO_SLOW, 1006}, f"a socket that does not read: {code}")
    scene.require(scene.closes() == closes, "its neighbours were closed too")


async def vanished(scene: Scene) -> None:
    """A socket is gone without a word, as when a train enters a tunnel."""
    one = scene.chance.choice(scene.cluster.instances)
    async with AsyncExitStack() as exit_:
        tunnel = await exit_.enter_async_context(Relay(one.port))
        through = raw(f"http://127.0.0.1:{tunnel.port}", scene.crowd.people[0])
        _, hello = await exit_.enter_async_context(through)
        tunnel.hang()
        began = time.perf_counter()
        while not one.ended(hello["connection_id"]) and time.perf_counter() - began < 120:
            await asyncio.sleep(1)
        scene.in_time("letting it go", time.perf_counter() - began, _SILENCE_SECONDS)


async def silent(scene: Scene) -> None:
    """A socket that never says anything is closed."""
    async with raw(scene.cluster.instances[0].url, scene.crowd.people[0]) as (mute, _):
        began = time.perf_counter()
        code = await close_code(mute, seconds=5 * _HEARTBEAT_SECONDS)
        scene.in_time("closing it", time.perf_counter() - began, _SILENCE_SECONDS)
    scene.require(code == _SILENT, f"a silent socket was closed with {code}")


async def closed_during_hello(scene: Scene) -> None:
    """Sockets that are gone before they are greeted, in the middle of everything."""

    async def peek(number: int) -> None:
        one = scene.cluster.instances[number % len(scene.cluster.instances)]
        person = scene.chance.choice(scene.crowd.people)
        async with raw(one.url, person, greeted=False) as (gone, _):
            await asyncio.sleep(scene.chance.uniform(0, 0.02))
            gone.transport.abort()

    for start in range(0, scene.many(200), 20):
        await asyncio.gather(*(peek(number) for number in range(start, start + 20)))
    await scene.settled_sockets()


async def sync_from_anywhere(scene: Scene) -> None:
    """From the version one has, an old one, one that is not yet, and from what is no version."""
    await scene.traffic.pause()
    room = scene.chance.choice(scene.crowd.rooms)
    for _ in range(3):
        await scene.traffic.messages.send(room, room.owner)
    version = (await scene.crowd.rests[room.owner].get_conversation(room.id))["version"]
    tab = scene.crowd.tabs[room.owner][0]

    async def sync(since: Any) -> Data:
        answer = await tab.command("conversation.sync", conversations={room.id: since})
        changes: Data = answer["conversations"][room.id]
        return changes

    same, old, ahead = await sync(version), await sync(version - 3), await sync(version + 1_000)
    scene.require((same["status"], same["messages"]) == ("ok", []), f"from the same: {same}")
    scene.require(
        [message["version"] for message in old["messages"]] == list(range(version - 2, version + 1))
        and old["version"] == version,
        f"from an old version: {old['status']} {old['version']}",
    )
    scene.require(ahead["status"] == "reset", f"from the future: {ahead['status']}")
    for since in (-1, 1.5, "1", None, True):
        try:
            refused = f"answered with {await sync(since)}"
        except Refused as error:
            refused = error.code
        scene.require(refused == "invalid_request", f"from {since!r}: {refused}")
    scene.traffic.start()


async def removed_meanwhile(scene: Scene) -> None:
    """Whoever is removed while away finds nothing of it when they come back, and no more."""
    await scene.traffic.pause()
    room = next(room for room in scene.crowd.rooms if not room.direct)
    members = scene.crowd.ledger.certain_members(room.id)
    person = next(one for one in members if one != room.owner)
    tabs = scene.crowd.tabs[person]
    await asyncio.gather(*(tab.__aexit__(None, None, None) for tab in tabs))
    await scene.crowd.rests[room.owner].remove(room.id, person)
    scene.crowd.ledger.members[room.id][person] = {False}
    scene.crowd.ledger.changed(room.id)
    await scene.traffic.messages.send(room, room.owner)
    await asyncio.gather(*(tab.__aenter__() for tab in tabs))
    for tab in tabs:
        scene.require(not tab.inside(room.id), f"{person} believes to be in")
        answer = await tab.command("conversation.sync", conversations={room.id: 0})
        status = answer["conversations"][room.id]["status"]
        scene.require(status == "forbidden", f"the removed {person} syncs: {status}")
        try:
            await tab.rest.get_conversation(room.id)
            scene.require(False, f"{person} reads what they were removed from")
        except Refused as refused:
            scene.require(refused.code == "not_a_participant", f"reading: {refused}")
    scene.traffic.start()


async def removed(scene: Scene) -> None:
    """People are removed while everybody talks: they hear nothing from then on."""
    rooms = [room for room in scene.crowd.rooms if not room.direct]
    for _ in range(scene.many(60) + 4):
        await scene.traffic.memberships.remove(scene.chance.choice(rooms))
        await asyncio.sleep(0.1)


async def ten_tabs(scene: Scene) -> None:
    """One person, ten sockets on two instances: each has everything."""
    user_id = scene.crowd.rooms[0].owner
    for number in range(10):
        await scene.enter_tab(user_id, scene.cluster.instances[number % 2])
    await asyncio.sleep(scene.brief(5))


CASES: Sequence[Case] = (
    Case(name="slow-reader", act=slow_reader, delivers_within=5.0),
    Case(name="vanished", act=vanished),
    Case(name="silent", act=silent),
    Case(name="closed-during-hello", act=closed_during_hello, delivers_within=5.0),
    Case(name="sync-from-anywhere", act=sync_from_anywhere, delivers_within=2.0),
    Case(name="removed", act=removed, delivers_within=2.0),
    Case(name="removed-meanwhile", act=removed_meanwhile, delivers_within=2.0),
    Case(name="ten-tabs", act=ten_tabs, delivers_within=5.0),
)
