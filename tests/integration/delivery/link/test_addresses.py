"""Instances on two real Redis servers: each conversation belongs to one, and one may die."""

import asyncio
import signal
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest
import pytest_asyncio

from config.development.ports import free_port
from config.development.redis import run_redis
from messaging.delivery.link import polling as polling_module
from messaging.domain.conversation import Conversation
from messaging.instruments.metrics import LINK_ADDRESS_UP
from messaging.stores.sql.store import SqlStore
from tests.links import PATIENCE, Side, hears, hurry
from tests.unit.messaging import send


class SecondRedis:
    """A server at a port of its own, which can die and come back."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        self._process = self._running.enter_context(run_redis(self.port))

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        self._running.close()


@pytest.fixture(name="second")
def _second() -> Iterator[SecondRedis]:
    server = SecondRedis()
    yield server
    server.stop()


@pytest_asyncio.fixture(params=[100, 0], ids=["few", "many"])
async def sides(
    redis_server: str,
    second: SecondRedis,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Side, Side]]:
    """Two instances, which act as few and as many do."""
    hurry(monkeypatch)
    store, prefix = SqlStore(timeout=10), uuid4().hex
    pair = tuple(
        Side(redis_server, store, prefix, max_beacons=request.param, more_hosts=[second.url])
        for _ in range(2)
    )
    for side, other in (pair, pair[::-1]):
        side.registry = [other.boot_id]
        side.start()
    for side, other in (pair, pair[::-1]):
        await hears(side, other)
    yield pair[0], pair[1]
    for side in pair:
        await side.stop()
    await store.close()


async def found_at(side: Side, address: int, *user_ids: str) -> Conversation:
    """A conversation that belongs to this address."""
    while True:
        group = await side.found(*user_ids)
        if zlib.crc32(group.id.encode()) % 2 == address:
            return group


def goes_through(side: Side, group: Conversation) -> set[int]:
    """The addresses through which events of a conversation went."""
    return {
        number
        for number, layer in enumerate(side.layers)
        if any(name == group.id for name, _ in layer.published)
    }


async def test_each_conversation_has_an_address(sides: tuple[Side, Side]) -> None:
    here, there = sides
    for address in (0, 1):
        group = await found_at(here, address, "ann", "bob")
        bob = await there.connect("bob")

        for version in (1, 2, 3):
            await here.commit(group, send(group.id, "ann"))
            assert await bob.next() == ("message.created", version)
        assert goes_through(here, group) == {address}


async def test_one_address_dies(sides: tuple[Side, Side], second: SecondRedis) -> None:
    """In the middle of sends. Its conversations are read from the store, the others go on as
    before, and each address is shown. Afterwards nobody has missed anything."""
    here, there = sides
    groups = [await found_at(here, address, "ann", "bob", f"p{address}") for address in (0, 1)]
    people = [await there.connect("p0"), await there.connect("p1")]
    sent = 0

    async def one_each() -> None:
        nonlocal sent
        sent += 1
        for group in groups:
            await here.commit(group, send(group.id, "ann"))

    async def arrive() -> None:
        for person in people:
            assert (await person.until(sent))[-1] == ("message.created", sent)

    await one_each()
    await arrive()
    await asyncio.to_thread(second.kill)
    for _ in range(20):
        await one_each()
        await asyncio.sleep(0)
    for side in sides:
        await side.becomes_degraded(True)
        assert side.link.down_addresses == ["address-1"]
    assert _shown("address-1") == 0
    assert _shown("address-0") == 1
    await one_each()
    await arrive()

    await asyncio.to_thread(second.start)
    for side in sides:
        await side.becomes_degraded(False)
        assert side.link.down_addresses == []
    await one_each()
    await arrive()
    assert all(person.waiting == 0 for person in people)


async def test_the_others_need_no_poll(
    sides: tuple[Side, Side], second: SecondRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What belongs to an address that answers is published there."""
    monkeypatch.setattr(polling_module, "_POLL_SECONDS", 3600.0)
    here, there = sides
    group = await found_at(here, 0, "ann", "bob")
    bob = await there.connect("bob")
    await asyncio.to_thread(second.kill)
    await there.becomes_degraded(True)

    for version in range(1, 6):
        await here.commit(group, send(group.id, "ann"))
        assert await bob.next() == ("message.created", version)


async def test_a_person_is_shut_out_through_any_address(
    sides: tuple[Side, Side], second: SecondRedis
) -> None:
    here, there = sides
    ann = await there.connect("ann")
    await asyncio.to_thread(second.kill)
    await here.becomes_degraded(True)

    access = await here.people.log_out("ann")
    here.access.learn(access)
    await here.link.announce_access(access)

    async with asyncio.timeout(PATIENCE):
        while not ann.outlet.ended:
            await asyncio.sleep(0.02)


async def test_an_end_is_told_once(sides: tuple[Side, Side]) -> None:
    """Though it is noticed at each address."""
    here, there = sides
    await here.kill()

    async with asyncio.timeout(PATIENCE):
        assert await there.ended.get() == here.boot_id
        while there.link.peers:
            await asyncio.sleep(0.02)
    assert there.ended.empty()


@pytest.mark.parametrize("others", ["fewer", "another order", "another one"])
async def test_other_addresses_are_noticed(
    others: str,
    sides: tuple[Side, Side],
    redis_server: str,
    second: SecondRedis,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An instance with other addresses publishes at some of them what is not expected there. All
    read the store, so nobody misses anything."""
    here, there = sides
    prefix = here.layer.prefix
    with ExitStack() as exit_:
        if others == "fewer":
            stray = Side(redis_server, here.store, prefix)
        elif others == "another order":
            stray = Side(second.url, here.store, prefix, more_hosts=[redis_server])
        else:
            third = SecondRedis()
            exit_.callback(third.stop)
            stray = Side(redis_server, here.store, prefix, more_hosts=[third.url])
        if others != "another order":  # the registry is at the first address
            for side in sides:
                side.registry.append(stray.boot_id)
        stray.start()
        try:
            await here.becomes_degraded(True)
            await there.becomes_degraded(True)
            group = await found_at(here, 1, "ann", "bob", "cid")
            bob, cid = await there.connect("bob"), await stray.connect("cid")
            await stray.commit(group, send(group.id, "ann"))
            assert await bob.next() == ("message.created", 1)
            assert await cid.next() == ("message.created", 1)
            await here.commit(group, send(group.id, "ann"))
            assert await bob.next() == ("message.created", 2)
            assert await cid.next() == ("message.created", 2)
        finally:
            await stray.stop()
        await here.becomes_degraded(False)
    said = sum("link.other_addresses" in str(record.msg) for record in caplog.records)
    assert said == (2 if others == "fewer" else 3)


def _shown(address: str) -> float:
    (family,) = LINK_ADDRESS_UP.collect()
    return next(one.value for one in family.samples if one.labels["address"] == address)
