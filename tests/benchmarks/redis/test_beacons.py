"""What instances cost each other and Redis while each changes ten conversations a second: by
beacons to all, and by beats and reports, which more than 100 instances use."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest
import redis.asyncio

from messaging.delivery.hub.connections import Connections
from messaging.delivery.link.encoding import VERSION
from messaging.delivery.link.instances.peers import Peers
from messaging.presence.presence import REGISTRY, Presence
from messaging.redis.beats import Beating, Beats
from messaging.redis.client import make_redis
from messaging.stores.sql.store import SqlStore
from tests.links import PATIENCE, Side
from tests.servers.redis import redis_server

_CHANGED = 10
"""Conversations a second and instance. A conversation is changed again ten seconds later, when all
its reports are made."""
_PERIOD = 10
_FOLLOWERS = 2
"""The other instances that follow a conversation."""
_ALL, _ITSELF = 10_000, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A second of it."""

    instances: int
    deliveries: float
    """Messages that Redis passes to all instances together."""
    bytes: float
    """Out of Redis."""
    redis: float
    """Seconds of its CPU."""
    instance: float
    """Seconds of the CPU of each instance."""

    def row(self, name: str) -> str:
        return (
            f"{name:>8} {self.instances:>5} {self.deliveries:>10,.0f} {self.bytes / 1e6:>9.3f} MB "
            f"{self.redis:>7.1%} {self.instance:>7.2%}"
        )


@asynccontextmanager
async def many_sides(url: str, count: int, *, max_beacons: int) -> AsyncIterator[Sequence[Side]]:
    """So many instances that know each other, and follow conversations of each other."""
    store, prefix = SqlStore(timeout=10), uuid4().hex
    async with AsyncExitStack() as exit_:
        exit_.push_async_callback(store.close)
        sides = [Side(url, store, prefix, max_beacons=max_beacons) for _ in range(count)]
        for side in sides:
            side.registry = [other.boot_id for other in sides if other is not side]
            side.start()
            exit_.push_async_callback(side.stop)
        for number in range(count):
            for other in range(1, 1 + min(_FOLLOWERS, count - 1)):
                for name in _conversations(number):
                    sides[(number + other) % count].link.follow(name)
        async with asyncio.timeout(PATIENCE + count):
            while not all(len(side.link.peers) == count - 1 for side in sides):
                await asyncio.sleep(0.2)
        yield sides


def _conversations(number: int) -> Sequence[str]:
    return [f"conversation-{number}-{place:03}" for place in range(_CHANGED * _PERIOD)]


async def measure(count: int, *, max_beacons: int, seconds: int) -> Cost:
    """Run instances in this process, on a Redis that nobody else uses."""
    with redis_server() as url:
        async with (
            redis.asyncio.Redis.from_url(url) as client,
            many_sides(url, count, max_beacons=max_beacons) as sides,
        ):
            await _change(sides, seconds=_PERIOD)  # until each is reported as often as later
            before, cpu_before = await _used(client), time.process_time()
            received_before = sum(side.layer.received for side in sides)
            began = time.perf_counter()
            await _change(sides, seconds=seconds)
            took = time.perf_counter() - began
            after, cpu = await _used(client), time.process_time() - cpu_before
            received = sum(side.layer.received for side in sides) - received_before
            assert all(side.link.up for side in sides)
    return Cost(
        instances=count,
        deliveries=received / took,
        bytes=(after[0] - before[0]) / took,
        redis=(after[1] - before[1]) / took,
        instance=cpu / took / count,
    )


async def _change(sides: Sequence[Side], *, seconds: int) -> None:
    """Commit, as far as the link goes: each second ten conversations of each instance."""
    for second in range(seconds):
        begun = time.monotonic()
        for number, side in enumerate(sides):
            names = _conversations(number)
            start = second % _PERIOD * _CHANGED
            for name in names[start : start + _CHANGED]:
                side.link.repeat(name, int(time.time()), ())
        await asyncio.sleep(max(begun + 1 - time.monotonic(), 0))


async def _used(client: redis.asyncio.Redis) -> tuple[int, float]:
    """The bytes out of Redis, and the seconds of its CPU."""
    stats, cpu = await client.info("stats"), await client.info("cpu")
    return stats["total_net_output_bytes"], cpu["used_cpu_user"] + cpu["used_cpu_sys"]


async def measure_beats(count: int, *, seconds: int) -> Cost:
    """Beats alone, of so many instances on one connection: each beats once a second, and one of
    them notes what it reads."""
    with redis_server() as url:
        client = make_redis({"address": url})
        own = Beating(reads=VERSION, addresses="0" * 8)
        every = [Beats(client, boot_id=f"{number:016x}", own=own) for number in range(count)]
        peers, spent = Peers(0.0), 0.0
        before = cpu_before = took = 0.0
        try:
            for second in range(-5, seconds):  # first until each has read all names once
                if second == 0:
                    (before, cpu_before), took = await _used(client), 0.0
                    spent = 0.0
                begun = time.perf_counter()
                reads = [await beats.beat(quiet=True) for beats in every]
                noting = time.process_time()
                registered = [f"{number:016x}" for number in range(count - 1)]  # of the last one
                peers.note_registered(registered, second + 5.0)
                read = reads[-1]
                assert read is not None
                peers.note_beats(read, second + 5.0)
                spent += time.process_time() - noting
                took += time.perf_counter() - begun
            after, cpu = await _used(client)
        finally:
            await client.aclose()
    assert len(peers.alive) == count - 1
    return Cost(
        instances=count,
        deliveries=0,
        bytes=(after - before) / seconds,
        redis=(cpu - cpu_before) / seconds,
        instance=spent / seconds,
    )


async def measure_presence(count: int) -> tuple[float, float]:
    """Seconds of the CPU of an instance and of Redis to look where 20 people are connected."""
    with redis_server() as url:
        client = make_redis({"address": url})
        presence = Presence(Connections(), client, boot_id="own")
        try:
            seconds, _ = await client.time()
            for number in range(count - 1):
                await client.zadd(REGISTRY, {f"{number:016x}": seconds})
                key = f"chat:presence:users:{number:016x}"
                await client.execute_command("SADD", key, f"user-{number}")  # type: ignore[no-untyped-call]
            await presence.start()
            people = [f"user-{number}" for number in range(20)]
            (_, redis_before), before = await _used(client), time.process_time()
            for _ in range(20):
                assert len(await presence.online(people)) == min(20, count - 1)
            (_, redis_after), after = await _used(client), time.process_time()
        finally:
            await presence.stop()
            await client.aclose()
    return (after - before) / 20, (redis_after - redis_before) / 20


async def test_costs_among_few_and_many(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short: beacons to all grow with the square of the instances; beats and reports do not."""
    few = [await measure(count, max_beacons=_ALL, seconds=3) for count in (4, 8)]
    many = [await measure(count, max_beacons=_ITSELF, seconds=3) for count in (4, 8)]

    assert few[1].deliveries > 3 * few[0].deliveries
    assert few[1].bytes > 3 * few[0].bytes
    assert many[1].deliveries < 3 * many[0].deliveries
    assert many[1].bytes < 3 * many[0].bytes


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
async def test_costs_of_more(transactional_db: None) -> None:
    """Measured up to 100 instances; beats among 1,000. The rest of the table is computed."""
    print("\n    mode     n deliveries     bytes/s   Redis  each")
    few = [await measure(count, max_beacons=_ALL, seconds=10) for count in (3, 10, 30)]
    for cost in few:
        print(cost.row("to all"))
    many = [await measure(count, max_beacons=_ITSELF, seconds=10) for count in (3, 10, 30, 100)]
    for cost in many:
        print(cost.row("itself"))
    beats = {count: await measure_beats(count, seconds=10) for count in (100, 1_000)}
    for cost in beats.values():
        print(cost.row("beats"))
    per_instance = (few[-1].instance - few[0].instance) / (few[-1].instances - few[0].instances)
    for count in (100, 1_000):
        square = (count / few[-1].instances) ** 2
        print(
            Cost(
                instances=count,
                deliveries=few[-1].deliveries * square,
                bytes=few[-1].bytes * square,
                redis=few[-1].redis * square,
                instance=few[0].instance + per_instance * (count - few[0].instances),
            ).row("to all*")
        )
    for count in (3, 30, 100, 1_000):
        here, there = await measure_presence(count)
        print(f"presence {count:>5} {here * 1e3:.2f} ms here, {there * 1e3:.2f} ms in Redis")
    growth = 1_000 / many[-1].instances
    more = beats[1_000].redis - beats[100].redis * growth
    print(
        Cost(
            instances=1_000,
            deliveries=many[-1].deliveries * growth,
            bytes=many[-1].bytes * growth + beats[1_000].bytes - beats[100].bytes * growth,
            redis=many[-1].redis * growth + more,
            instance=many[-1].instance + beats[1_000].instance - beats[100].instance,
        ).row("itself*")
    )

    assert few[-1].deliveries > 50 * few[0].deliveries
    assert many[-1].deliveries < 1.5 * 100 / 30 * many[-2].deliveries
    assert beats[1_000].redis < 0.25
