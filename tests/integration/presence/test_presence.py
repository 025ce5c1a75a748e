"""Presence on a real Redis: two instances, and what is left when one of them or Redis is gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Set
from contextlib import AsyncExitStack, suppress
from uuid import uuid4

import pytest
import pytest_asyncio
import redis.asyncio
from pytest_django import Settings
from redis.asyncio.client import Pipeline

import messaging.runtime.instance
from config.development.ports import free_port
from messaging.delivery.hub.connections import Connection, Connections
from messaging.presence import last_acts, presence
from messaging.presence.presence import Presence
from messaging.redis.client import failing_reasons, make_redis
from tests.chaos.relay import Relay, port_of
from tests.instances import use_redis
from tests.outlets import Outlet, make_connection

_LEASE_SECONDS = 2  # the registry counts in whole seconds
_HEARTBEAT_SECONDS = 0.13
"""Not a tenth: cancelling is repeated every tenth of a second (`messaging.concurrency.tasks`), and
in step with the heartbeat it would be lost each time."""


class Instance:
    """The sockets of one instance, and its presence."""

    def __init__(self, redis_url: str, relay: Relay | None = None) -> None:
        self._relay = relay
        self.connections = Connections()
        self._redis = make_redis({"address": redis_url} if redis_url else None)
        self.boot_id = uuid4().hex
        self.presence = Presence(self.connections, self._redis, boot_id=self.boot_id)

    def connect(self, *user_ids: str) -> list[Connection]:
        connections = [
            make_connection(uuid4().hex, user_id, Outlet(_discard)) for user_id in user_ids
        ]
        for connection in connections:
            self.connections.add(connection)
            self.presence.changed(connection.user_id)
        return connections

    def disconnect(self, connection: Connection) -> None:
        self.connections.remove(connection)
        self.presence.changed(connection.user_id)

    async def stop(self) -> None:
        await self.presence.stop()
        if self._redis is not None:
            await self._redis.aclose()

    def kill(self) -> None:
        """End without a goodbye."""
        assert self._relay is not None
        self._relay.cut()


def _discard(frame: str) -> None:
    pass


Start = Callable[[], Awaitable[Instance]]


@pytest_asyncio.fixture
async def client(redis_server: str) -> AsyncIterator[redis.asyncio.Redis]:
    """A Redis with nothing in it."""
    async with redis.asyncio.Redis.from_url(redis_server, decode_responses=True) as client:
        await client.flushall()
        yield client


@pytest_asyncio.fixture
async def start(
    redis_server: str, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Start]:
    """Start an instance with a short lease."""
    monkeypatch.setattr(presence, "LEASE_SECONDS", _LEASE_SECONDS)
    monkeypatch.setattr(presence, "_HEARTBEAT_SECONDS", _HEARTBEAT_SECONDS)
    async with AsyncExitStack() as exits:

        async def start_one() -> Instance:
            relay = await exits.enter_async_context(Relay(port_of(redis_server)))
            instance = Instance(f"redis://127.0.0.1:{relay.port}/0", relay)
            exits.push_async_callback(instance.stop)
            await instance.presence.start()
            return instance

        yield start_one


@pytest_asyncio.fixture
async def one(start: Start) -> Instance:
    return await start()


@pytest_asyncio.fixture
async def other(start: Start) -> Instance:
    return await start()


async def becomes(instance: Instance, user_ids: set[str], online: set[str]) -> float:
    """Wait until exactly these of the users are online; returns how long that took."""
    begin = time.monotonic()
    seen: Set[str] = frozenset()
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            while (seen := await instance.presence.online(user_ids)) != online:
                await asyncio.sleep(0.01)
    assert seen == online
    return time.monotonic() - begin


async def test_connected_elsewhere_is_online(one: Instance, other: Instance) -> None:
    """Each instance knows of its own users at once, and soon of the other's."""
    one.connect("ann")
    other.connect("bob")

    assert await one.presence.online(["ann"]) == {"ann"}
    await becomes(one, {"ann", "bob", "cid"}, {"ann", "bob"})
    await becomes(other, {"ann", "bob", "cid"}, {"ann", "bob"})
    assert await one.presence.online([]) == frozenset()


async def test_where_somebody_is_connected(one: Instance, other: Instance, start: Start) -> None:
    """On which of the other instances; while Redis does not answer, nobody knows."""
    third = await start()
    one.connect("ann", "bob")
    other.connect("ann", "dan")
    await becomes(one, {"dan"}, {"dan"})
    await becomes(third, {"ann", "bob", "dan"}, {"ann", "bob", "dan"})
    boot_ids = {instance: instance.boot_id for instance in (one, other)}

    assert {*await third.presence.elsewhere("ann")} == {*boot_ids.values()}
    assert [*await third.presence.elsewhere("bob")] == [boot_ids[one]]
    assert [*await third.presence.elsewhere("cid")] == []
    assert [*await one.presence.elsewhere("ann")] == [boot_ids[other]]


async def test_an_instance_that_was_met(
    start: Start, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its users are online here before the registry is read again; if it is not in there by then,
    it is forgotten."""
    one = await start_quiet(start, client, monkeypatch)
    other = await start()
    other.connect("bob")
    assert await one.presence.online(["bob"]) == frozenset()

    one.presence.met(other.boot_id)
    one.presence.met("somebody-else")

    await becomes(one, {"bob"}, {"bob"})
    await one.presence.stop()
    await one.presence.start()  # which reads the registry
    assert one.presence.registered == {other.boot_id}
    assert one.presence.met("somebody-else")


async def start_quiet(
    start: Start, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> Instance:
    """Start an instance whose next heartbeat is an hour away: it reads the registry no more."""
    monkeypatch.setattr(presence, "_HEARTBEAT_SECONDS", 3_600.0)
    one = await start()
    async with asyncio.timeout(5):
        while not await client.keys(f"*{one.boot_id}*"):  # it is written after the heartbeat
            await asyncio.sleep(0.01)
    monkeypatch.setattr(presence, "_HEARTBEAT_SECONDS", _HEARTBEAT_SECONDS)
    return one


async def test_the_users_of_an_instance_that_has_just_started(
    redis_server: str,
    client: redis.asyncio.Redis,
    transactional_db: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its first beacon tells of it: nobody waits until the registry is read again."""
    monkeypatch.setattr(presence, "_HEARTBEAT_SECONDS", 3_600.0)
    use_redis(settings, redis_server)
    first, second = messaging.runtime.instance.Instance(), messaging.runtime.instance.Instance()
    await first.start()
    await second.start()
    try:
        bob = make_connection(uuid4().hex, "bob", Outlet(_discard))
        second.hub.connections.add(bob)
        second.presence.changed("bob")

        async with asyncio.timeout(20):
            while await first.presence.online(["bob"]) != {"bob"}:
                await asyncio.sleep(0.05)
        second.hub.connections.remove(bob)
    finally:
        await first.stop()
        await second.stop()


async def test_one_round_trip(
    one: Instance, other: Instance, start: Start, client: redis.asyncio.Redis
) -> None:
    """However many users are asked for: one command per other instance, sent together."""
    third = await start()
    users = [f"user-{number}" for number in range(2_500)]
    other.connect(*users[:1_250:2])
    third.connect(*users[1_250::2])
    expected = {*users[:1_250:2], *users[1_250::2]}
    await becomes(one, set(users), expected)

    await client.config_resetstat()
    assert await one.presence.online(users) == expected

    calls = (await client.info("commandstats"))["cmdstat_smismember"]["calls"]
    assert calls == 2


async def test_people_who_connect_together_share_a_write(
    one: Instance, other: Instance, client: redis.asyncio.Redis
) -> None:
    users = [f"user-{number}" for number in range(100)]
    await client.config_resetstat()
    begin = time.monotonic()
    for user in users:
        one.connect(user)
        await client.info("server")  # a few steps of the event loop
    await becomes(other, set(users), set(users))
    most = 2 + (time.monotonic() - begin) / 0.05

    calls = (await client.info("commandstats"))["cmdstat_sadd"]["calls"]
    assert calls <= most


async def test_disconnecting(one: Instance, other: Instance) -> None:
    """Offline with the last of one's sockets."""
    first, second = other.connect("bob", "bob")
    await becomes(one, {"bob"}, {"bob"})

    other.disconnect(first)
    other.connect("cid")
    await becomes(one, {"bob", "cid"}, {"bob", "cid"})
    other.disconnect(second)

    await becomes(one, {"bob", "cid"}, {"cid"})


async def test_on_both_instances(one: Instance, other: Instance, start: Start) -> None:
    """Leaving one of them is not leaving."""
    third = await start()
    (here,) = one.connect("ann")
    other.connect("ann", "bob")
    await becomes(third, {"ann", "bob"}, {"ann", "bob"})

    one.disconnect(here)
    one.connect("cid")

    await becomes(third, {"ann", "bob", "cid"}, {"ann", "bob", "cid"})


async def test_stopping_says_goodbye(one: Instance, other: Instance) -> None:
    """Its users are offline at once, long before any lease ends."""
    other.connect("bob")
    await becomes(one, {"bob"}, {"bob"})

    await other.presence.stop()

    assert await one.presence.online(["bob"]) == frozenset()


async def test_the_users_of_a_killed_instance(
    one: Instance, other: Instance, client: redis.asyncio.Redis
) -> None:
    """Online until its lease ends, then offline, and nothing of it stays in Redis."""
    other.connect("bob")
    await becomes(one, {"bob"}, {"bob"})

    other.kill()

    assert await one.presence.online(["bob"]) == {"bob"}
    took = await becomes(one, {"bob"}, set())
    assert took < _LEASE_SECONDS + 0.5
    async with asyncio.timeout(5):
        while await client.keys(f"*{other.boot_id}*") or (
            other.boot_id in await client.zrange(presence.REGISTRY, 0, -1)
        ):
            await asyncio.sleep(0.01)


async def test_the_lease_is_renewed(one: Instance, other: Instance) -> None:
    """Whoever stays connected stays online beyond the first lease."""
    other.connect("bob")
    await becomes(one, {"bob"}, {"bob"})

    end = time.monotonic() + 1.2 * _LEASE_SECONDS
    while time.monotonic() < end:
        assert await one.presence.online(["bob"]) == {"bob"}
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_a_set_that_was_lost_is_written_again(
    one: Instance, other: Instance, client: redis.asyncio.Redis, meanwhile: bool
) -> None:
    """By the next heartbeat, also where somebody connects in between."""
    other.connect("bob", "cid")
    await becomes(one, {"bob", "cid"}, {"bob", "cid"})

    await client.flushall()
    if meanwhile:
        other.connect("dora")
    expected = {"bob", "cid", "dora"} if meanwhile else {"bob", "cid"}

    assert await becomes(one, {"bob", "cid", "dora"}, expected) < 1


async def test_nobody_is_away_because_redis_lost_everything(
    one: Instance, other: Instance, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is not found there is not known to be away until all instances have written anew."""
    monkeypatch.setattr(presence, "_DOUBT_SECONDS", 0.5)
    other.connect("bob")
    await becomes(one, {"bob"}, {"bob"})
    assert (await one.presence.look(["bob", "cid"])).complete

    await client.flushall()

    async with asyncio.timeout(5):
        while True:
            seen = await one.presence.look(["bob", "cid"])
            if seen.complete:
                break
            await asyncio.sleep(0.01)
    assert seen.online == {"bob"}


async def test_what_a_change_writes_has_a_lease(
    start: Start, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set that one change begins anew does not outlive its instance."""
    one = await start_quiet(start, client, monkeypatch)
    await client.flushall()

    one.connect("bob")

    async with asyncio.timeout(5):
        while not (keys := await client.keys(f"*{one.boot_id}*")):
            await asyncio.sleep(0.01)
    (key,) = keys
    assert 0 < await client.ttl(key) <= _LEASE_SECONDS


async def last_act(instance: Instance, user_id: str) -> float | None:
    """When somebody was last active, as an instance sees it."""
    return (await instance.presence.look([user_id])).acted_at.get(user_id)


async def shows(instance: Instance, user_id: str, at: float) -> None:
    """Wait until an instance sees that somebody was last active at this time."""
    async with asyncio.timeout(5):
        while await last_act(instance, user_id) != pytest.approx(at, abs=0.001):
            await asyncio.sleep(0.01)


async def test_what_redis_did_not_take_is_written_later(
    start: Start, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever connects while Redis refuses to write makes nobody's last act forgotten."""
    one = await start_quiet(start, client, monkeypatch)
    other = await start()
    await client.config_set("maxmemory", 1)
    try:
        one.presence.acted("bob")
        acted_at = await last_act(one, "bob")
        assert acted_at is not None
        one.connect("ann")
        async with asyncio.timeout(5):
            while "out_of_memory" not in failing_reasons():  # others are of earlier tests
                await asyncio.sleep(0.01)
    finally:
        await client.config_set("maxmemory", 0)

    one.connect("cid")

    await shows(other, "bob", acted_at)


async def test_what_an_outage_left_is_written_in_portions(
    start: Start, client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it, before the next heartbeat. Together it would hold up everything else of the
    instance, and might exceed the time that Redis has to answer."""
    one = await start_quiet(start, client, monkeypatch)
    portions: list[int] = []
    write = last_acts.write

    def counted(pipeline: Pipeline, acted: Mapping[str, float]) -> None:
        portions.append(len(acted))
        write(pipeline, acted)

    monkeypatch.setattr(last_acts, "write", counted)
    people = [f"user-{number}" for number in range(3_000)]
    for user_id in people:
        one.presence.acted(user_id)
    one.connect("ann")

    async with asyncio.timeout(10):
        while await client.exists(*map(last_acts.key_of, people)) < len(people):
            await asyncio.sleep(0.01)
    assert portions == [1_000, 1_000, 1_000]


async def test_the_last_act_never_goes_back(
    one: Instance, other: Instance, start: Start, client: redis.asyncio.Redis
) -> None:
    """An instance that writes an earlier one later changes nothing, whatever else is there."""
    third = await start()
    await client.set("chat:presence:acted:bob", "1e300")
    other.presence.acted("bob")
    earlier = await last_act(other, "bob")
    assert earlier is not None
    await shows(one, "bob", earlier)
    one.presence.acted("bob")
    acted_at = await last_act(one, "bob")
    assert acted_at is not None
    await shows(third, "bob", acted_at)

    pipeline = client.pipeline()
    last_acts.write(pipeline, {"bob": acted_at - 1, "dan": acted_at - 1})
    await pipeline.execute()

    assert await last_act(third, "dan") == pytest.approx(acted_at - 1, abs=0.001)
    assert await last_act(third, "bob") == pytest.approx(acted_at, abs=0.001)


async def test_where_redis_refuses() -> None:
    """Only the users of this instance are known, within about a second; nothing raises."""
    alone = Instance(f"redis://127.0.0.1:{free_port()}/0")
    alone.connect("ann")
    alone.presence.met("somebody-else")
    await alone.presence.start()
    try:
        begin = time.monotonic()
        assert await alone.presence.online(["ann", "bob"]) == {"ann"}
        assert time.monotonic() - begin < 1.5
    finally:
        begin = time.monotonic()
        await alone.presence.stop()
        assert time.monotonic() - begin < 1.5


async def test_without_redis() -> None:
    """One instance: whoever is connected here is online."""
    alone = Instance("")
    await alone.presence.start()
    (ann,) = alone.connect("ann")
    assert await alone.presence.online(["ann", "bob"]) == {"ann"}

    alone.disconnect(ann)

    assert await alone.presence.online(["ann", "bob"]) == frozenset()
    await alone.presence.stop()
