"""Instances on a real Redis that act as many do: their beacons go to themselves alone."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio

from messaging.delivery.link.beacon import REPORTS
from messaging.delivery.link.sender import INSTANCES, group_of
from messaging.stores.sql.store import SqlStore
from tests.links import PATIENCE, Side, hears, hurry
from tests.unit.messaging import add, send


@pytest_asyncio.fixture
async def sides(
    redis_server: str, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Side, Side]]:
    """Two instances that know each other by their beats."""
    hurry(monkeypatch)
    store, prefix = SqlStore(timeout=10), uuid4().hex
    pair = (
        Side(redis_server, store, prefix, max_beacons=0),
        Side(redis_server, store, prefix, max_beacons=0),
    )
    for side, other in (pair, pair[::-1]):
        side.registry = [other.boot_id]
        side.start()
    for side, other in (pair, pair[::-1]):
        await hears(side, other)
        await beacons_reach(side, group_of(side.boot_id))
    yield pair
    for side in pair:
        await side.stop()
    await store.close()


async def beacons_reach(side: Side, group: str) -> None:
    """Wait until its latest beacon went to this group."""
    async with asyncio.timeout(PATIENCE):
        while not (sent := groups_of_beacons(side)) or sent[-1] != group:
            await asyncio.sleep(0.02)


def groups_of_beacons(side: Side) -> list[str]:
    return [group for group, item in published(side) if item["type"] == "beacon"]


def published(side: Side) -> list[tuple[str, Mapping[str, Any]]]:
    """The latest messages of an instance, with the group of each."""
    found = []
    for group, data in side.layer.published:
        outer = msgspec.msgpack.decode(data)
        inner = msgspec.msgpack.decode(outer["body"]) if "body" in outer else outer
        found += [(group, item) for item in inner["items"]]
    return found


async def reported(side: Side) -> None:
    """Wait until nothing is to be reported any more."""
    side.layer.published.clear()
    async with asyncio.timeout(PATIENCE):
        while len(groups_of_beacons(side)) < REPORTS[-1] + 2:
            await asyncio.sleep(0.05)
    side.layer.published.clear()


async def test_beacons_reach_nobody_else(sides: tuple[Side, Side]) -> None:
    here, there = sides
    here.layer.published.clear()
    async with asyncio.timeout(PATIENCE):
        while len(groups_of_beacons(here)) < 10:
            await asyncio.sleep(0.05)

    assert {group for group, _ in published(here)} == {group_of(here.boot_id)}
    assert here.link.peers == {there.boot_id}
    assert here.link.up


async def test_a_lost_last_event_is_found(sides: tuple[Side, Side]) -> None:
    """By a report in the group of the conversation, which reaches nobody else."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    await reported(here)
    here.layer.loses = lambda item: item["type"] == "changes"

    await here.commit(group, send(group.id, "ann"))

    assert await bob.next() == ("message.created", 1)
    reports = {name for name, item in published(here) if item["type"] == "people"}
    assert reports == {group.id}


async def test_one_report_of_several_is_enough(sides: tuple[Side, Side]) -> None:
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    await reported(here)
    lost = iter(range(3))

    def loses(item: Mapping[str, Any]) -> bool:
        if item["type"] == "people" and item["conversation_id"] == group.id and item["version"]:
            return next(lost, None) is not None
        return bool(item["type"] == "changes")

    here.layer.loses = loses
    await here.commit(group, send(group.id, "ann"))

    assert await bob.next() == ("message.created", 1)
    assert next(lost, None) is None


async def test_an_addition_that_was_lost_is_found(sides: tuple[Side, Side]) -> None:
    """By an instance that does not follow the conversation."""
    here, there = sides
    group = await here.found("ann")
    dan = await there.connect("dan")
    losses = iter(range(2))
    here.layer.loses = lambda item: (
        item["type"] == "people" and "dan" in item["added"] and next(losses, None) is not None
    )

    await here.commit(group, add("ann", "dan"))

    assert await dan.next() == ("conversation.added", None)


async def test_a_report_that_failed_is_made_again(sides: tuple[Side, Side]) -> None:
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    await reported(here)
    real, failures = here.layer.group_send, iter([ConnectionError(), ConnectionError()])

    async def fails(name: str, message: Mapping[str, Any]) -> None:
        if name == group.id and (error := next(failures, None)):
            raise error
        await real(name, message)

    here.layer.loses = lambda item: item["type"] == "changes"
    here.layer.group_send = fails  # type: ignore[assignment, method-assign]
    await here.commit(group, send(group.id, "ann"))

    assert await bob.next() == ("message.created", 1)
    assert here.link.up


async def test_what_an_instance_committed_before_it_died_is_found(
    sides: tuple[Side, Side],
) -> None:
    """Its beats have stopped."""
    here, there = sides
    group = await here.found("ann", "bob")
    bob = await there.connect("bob")
    here.layer.loses = lambda item: item["type"] in ("changes", "people")

    await here.commit(group, send(group.id, "ann"))
    await here.kill()

    assert await bob.next() == ("message.created", 1)
    async with asyncio.timeout(PATIENCE):
        assert await there.ended.get() == here.boot_id


async def test_a_goodbye_ends_without_a_look(sides: tuple[Side, Side]) -> None:
    here, there = sides
    await here.stop()

    async with asyncio.timeout(PATIENCE):
        while there.link.peers:
            await asyncio.sleep(0.02)
    assert there.ended.empty()


async def test_an_earlier_release_gets_the_beacons_that_it_needs(
    sides: tuple[Side, Side], redis_server: str
) -> None:
    """It knows no beats. When it has left, beacons reach nobody else again."""
    here, there = sides
    sealed = here.layer.published[-1][1]
    outer = msgspec.msgpack.decode(sealed)
    beacon = {"type": "beacon", "number": 1, "commits": {}, "reads": 2}
    earlier = {"sender": "earlier", "number": 1, "at": outer["at"], "items": [beacon]}
    await there.layer.publish(INSTANCES, _sealed(earlier))

    await beacons_reach(here, INSTANCES)
    await beacons_reach(there, INSTANCES)
    goodbye = {"sender": "earlier", "number": 2, "at": outer["at"], "items": [{"type": "goodbye"}]}
    await there.layer.publish(INSTANCES, _sealed(goodbye))
    await beacons_reach(here, group_of(here.boot_id))


def _sealed(content: Mapping[str, Any]) -> bytes:
    body = msgspec.msgpack.encode(content)
    outer = {"type": "items", "from": content["sender"], "at": content["at"], "items": [], "v": 2}
    digest = hashlib.sha256(body).digest()
    return msgspec.msgpack.encode({**outer, "body": body, "digest": digest})


async def test_an_acknowledgement_reaches_nobody_else(sides: tuple[Side, Side]) -> None:
    """Otherwise each of n instances would answer all n."""
    here, there = sides
    access = await here.people.log_out("ann")
    here.access.learn(access)
    await here.link.announce_access(access)

    groups = {group for group, item in published(there) if item["type"] == "access.known"}
    assert groups == {group_of(here.boot_id)}
