"""Presence of 1,000 users over three instances: what it costs Redis."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

import pytest
import pytest_asyncio
import redis.asyncio

from messaging.delivery.hub.connections import Connections
from messaging.presence import presence as presence_module
from messaging.presence.presence import Presence
from messaging.redis.client import make_redis
from tests.outlets import Outlet, make_connection
from tests.servers.redis import redis_server as run_redis

_ASKED = [f"user-{number}" for number in range(1_000)]
_ROUNDS = 50


@pytest_asyncio.fixture
async def client() -> AsyncIterator[redis.asyncio.Redis]:
    """A Redis that nobody else uses: its figures are ours."""
    with run_redis() as url:
        async with redis.asyncio.Redis.from_url(url, decode_responses=True) as client:
            yield client


class Instance:
    """One that knows of its users, and does nothing by itself meanwhile."""

    def __init__(self, url: str) -> None:
        self._redis = make_redis({"address": url})
        self.boot_id = uuid4().hex
        self.connections = Connections()
        self.presence = Presence(self.connections, self._redis, boot_id=self.boot_id)

    def connect(self, *user_ids: str) -> None:
        for user_id in user_ids:
            self.connections.add(make_connection(uuid4().hex, user_id, Outlet(lambda frame: None)))

    async def shows(self, online: int, acted: int) -> None:
        """Wait until it knows of so many of the users whom it is asked for."""
        async with asyncio.timeout(20):
            while True:
                seen = await self.presence.look(_ASKED)
                if (len(seen.online), len(seen.acted_at)) == (online, acted):
                    return
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        await self.presence.stop()
        assert self._redis is not None
        await self._redis.aclose()


async def used(client: redis.asyncio.Redis) -> Mapping[str, tuple[int, float]]:
    """Calls and microseconds of Redis' CPU, by command."""
    stats = await client.info("commandstats")
    return {
        name.removeprefix("cmdstat_"): (one["calls"], one["usec"]) for name, one in stats.items()
    }


async def cost(instance: Instance, client: redis.asyncio.Redis) -> float:
    """Microseconds of Redis' CPU to tell the presence of 1,000 users, in one round trip."""
    await client.config_resetstat()
    seen = await instance.presence.look(_ASKED)
    assert len(seen.online) == 500
    assert len(seen.acted_at) == 500
    commands = await used(client)
    # Its own users an instance knows by itself.
    calls = {name: commands[name][0] for name in ("smismember", "mget", "sismember")}
    assert calls == {"smismember": 2, "mget": 1, "sismember": 1}
    assert commands.keys() - calls.keys() <= {"config|resetstat", "info"}
    return sum(commands[name][1] for name in calls)


async def hmget_cost(client: redis.asyncio.Redis) -> float:
    await client.config_resetstat()
    await client.execute_command("HMGET", "other", *_ASKED)  # type: ignore[no-untyped-call]
    return (await used(client))["hmget"][1]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instances write once, as they start: their heartbeats would be counted too."""
    monkeypatch.setattr(presence_module, "_HEARTBEAT_SECONDS", 3_600.0)


@pytest.mark.parametrize("bystanders", [0, 10_000])
async def test_presence_takes_four_commands(client: redis.asyncio.Redis, bystanders: int) -> None:
    """In one round trip, however many users there are besides."""
    await ratio(client, bystanders)


@pytest.mark.benchmark
async def test_presence_of_a_thousand(client: redis.asyncio.Redis) -> None:
    """No more of Redis' CPU than three HMGET of as many."""
    assert await ratio(client, 0) <= 3


async def ratio(client: redis.asyncio.Redis, bystanders: int) -> float:
    """How many HMGET of 1,000 it costs; the commands themselves are held in `cost`."""
    connection = client.connection_pool.connection_kwargs
    url = f"redis://{connection['host']}:{connection['port']}/0"
    instances = [Instance(url) for _ in range(3)]
    others = [f"other-{index}" for index in range(bystanders)]
    for number, instance in enumerate(instances):
        instance.connect(*_ASKED[number * 2 : number * 2 + 999 : 6], *others)
    for user_id in _ASKED[:500]:
        instances[0].presence.acted(user_id)
    for instance in instances:
        await instance.presence.start()
    for other in instances[1:]:
        instances[0].presence.met(other.boot_id)
    await instances[0].shows(online=500, acted=500)
    fields = [part for user_id in (*_ASKED, *others) for part in (user_id, "1")]
    await client.execute_command("HSET", "other", *fields)  # type: ignore[no-untyped-call]

    # In turns, so that both find the processor's caches alike; and the least of many, since what
    # else the machine does is in the others.
    rounds = [(await cost(instances[0], client), await hmget_cost(client)) for _ in range(_ROUNDS)]
    ours, theirs = min(one for one, _ in rounds), min(other for _, other in rounds)

    print(
        f"\n1,000 of {1_000 + bystanders} users over 3 instances: {ours:.0f} µs of Redis;"
        f" one HMGET of 1,000: {theirs:.0f} µs; {ours / theirs:.2f} times"
    )
    for instance in instances:
        await instance.close()
    return ours / theirs
