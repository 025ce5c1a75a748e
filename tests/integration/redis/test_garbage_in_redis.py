"""Whatever another client writes under our keys in Redis counts as unknown, and passes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Set
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
import redis.asyncio

from messaging.notifications.badges import Badges
from messaging.positions.shared import SharedPositions
from messaging.presence import presence as presence_module
from messaging.presence.presence import Presence
from messaging.redis.client import Client, make_redis
from messaging.redis.rate_limits import Rate, Rates
from messaging.redis.untrusted_values import MAX_INSTANCES
from messaging.runtime import figures as figures_module
from messaging.runtime.figures import LiveFigures, Status

Spoil = Callable[[Any, str], Awaitable[object]]

VALUES: dict[str, Spoil] = {
    "bytes": lambda client, key: client.set(key, b"\xff\xfe\x00"),
    "text": lambda client, key: client.set(key, "garbage"),
    "infinite": lambda client, key: client.set(key, "1e999"),
    "no number": lambda client, key: client.set(key, "nan"),
    "far ahead": lambda client, key: client.set(key, "253402300799"),
    "list": lambda client, key: client.rpush(key, "x"),
    "hash": lambda client, key: client.hset(key, "x", b"\xff"),
    "set": lambda client, key: client.sadd(key, b"\xff"),
    "sorted set": lambda client, key: client.zadd(key, {b"\xff": float("inf")}),
    "stream": lambda client, key: client.xadd(key, {"x": "y"}),
}


async def becomes_true(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0.02)


class OnlyAnn:
    user_ids = ("ann",)

    def __contains__(self, user_id: object) -> bool:
        return user_id == "ann"

    def among(self, user_ids: Set[str]) -> Set[str]:
        return user_ids & {"ann"}


@pytest_asyncio.fixture
async def raw(redis_server: str) -> AsyncIterator[redis.asyncio.Redis]:
    """Somebody else's client."""
    async with redis.asyncio.Redis.from_url(redis_server) as client:
        yield client


@asynccontextmanager
async def own_client(redis_server: str) -> AsyncIterator[Client]:
    client = make_redis({"address": redis_server})
    assert client is not None
    yield client
    await client.aclose()


@pytest.fixture(params=VALUES)
def spoil(request: pytest.FixtureRequest) -> Spoil:
    return VALUES[request.param]


async def test_a_rate(redis_server: str, raw: redis.asyncio.Redis, spoil: Spoil) -> None:
    """Nobody is locked out by it, and it counts again."""
    user_id, rate = uuid4().hex, Rate(name="garbage", per_second=0.1, burst=2)
    await spoil(raw, f"chat:rate:garbage:{user_id}")

    async with own_client(redis_server) as client:
        waits = [await Rates(client).take(rate, user_id) for _ in range(3)]

    assert waits[:2] == [0.0, 0.0]
    assert waits[2] > 0


async def test_the_badge(redis_server: str, raw: redis.asyncio.Redis, spoil: Spoil) -> None:
    """It is counted anew, and that of others is right."""
    ann, bob = uuid4().hex, uuid4().hex
    await spoil(raw, f"chat:notified:{ann}")

    async with own_client(redis_server) as client:
        rung = Badges(client)
        await rung.count(ann)
        assert set(await rung.shown("c", [ann])) == set()
        await rung.add("c", 5, [bob])
        counts = await rung.add("c", 5, [ann, bob])
        assert counts[bob] == 1
        assert counts[ann] in (1, 2)  # a hash may have had an entry
        assert await rung.shown("c", [ann, bob]) == {ann: 5, bob: 5}
        assert set(await rung.discard({("c", ann): 5, ("c", bob): 5})) == {("c", ann), ("c", bob)}


@pytest.mark.parametrize("seq", [b"\xff", b"x", b"1e999", b"-5", b"99999999999999999999"])
async def test_an_entry_of_the_badge(
    redis_server: str, raw: redis.asyncio.Redis, seq: bytes
) -> None:
    """It goes with the first reading."""
    ann = uuid4().hex
    await raw.execute_command("HSET", f"chat:notified:{ann}", "c", seq)  # type: ignore[no-untyped-call]

    async with own_client(redis_server) as client:
        rung = Badges(client)
        assert await rung.shown("c", [ann]) == {}
        assert await rung.discard({("c", ann): 1}) == {("c", ann): 0}


async def test_positions(redis_server: str, raw: redis.asyncio.Redis, spoil: Spoil) -> None:
    """Of the others they are known."""
    spoiled, whole = uuid4().hex, uuid4().hex
    await spoil(raw, f"chat:garbage:{spoiled}")

    async with own_client(redis_server) as client:
        positions = SharedPositions(client, "garbage")
        for conversation_id in (spoiled, whole):
            positions.put((conversation_id, "ann"), 7)
        assert await positions.publish()
        assert await positions.get(spoiled, ["ann"]) in ({}, {"ann": 7})
        assert await positions.get(whole, ["ann"]) == {"ann": 7}


@pytest.mark.parametrize("seq", [float("inf"), -1, 1.5, 1e300])
async def test_a_position_that_is_none(
    redis_server: str, raw: redis.asyncio.Redis, seq: float
) -> None:
    conversation_id = uuid4().hex
    await raw.zadd(f"chat:garbage:{conversation_id}", {"ann": seq, "bob": 3})

    async with own_client(redis_server) as client:
        found = await SharedPositions(client, "garbage").get(conversation_id, ["ann", "bob"])

    assert found == {"bob": 3}


async def test_presence(
    redis_server: str,
    raw: redis.asyncio.Redis,
    spoil: Spoil,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Registry, sets and moments: its task goes on, and what is right is known again."""
    monkeypatch.setattr(presence_module, "REGISTRY", registry := f"chat:test:{uuid4().hex}")
    monkeypatch.setattr(presence_module, "_HEARTBEAT_SECONDS", 0.05)
    other, bob = uuid4().hex, uuid4().hex
    async with own_client(redis_server) as client:
        presence = Presence(OnlyAnn(), client, boot_id=uuid4().hex)
        await spoil(raw, registry)
        await spoil(raw, f"chat:presence:users:{other}")
        await spoil(raw, f"chat:presence:acted:{bob}")
        await presence.start()
        presence.met(other)
        seen = await presence.look([bob, "ann"])
        assert seen.online == {"ann"}
        assert bob not in seen.acted_at

        await raw.delete(f"chat:presence:users:{other}")
        await raw.sadd(f"chat:presence:users:{other}", bob)  # type: ignore[misc]
        await raw.set(f"chat:presence:acted:{bob}", f"{time.time():.3f}")

        async def registry_is_whole() -> bool:
            return bool(await raw.type(registry) == b"zset")

        async def is_seen() -> bool:
            await raw.execute_command(  # type: ignore[no-untyped-call]
                "ZADD", registry, (await raw.time())[0], other
            )
            found = await presence.look([bob])
            return found.online == {bob} and bob in found.acted_at

        await becomes_true(registry_is_whole)
        await becomes_true(is_seen)
        await presence.stop()


async def test_a_registry_with_many_who_are_not_there(
    redis_server: str, raw: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is dated ahead of Redis leaves it, and no more are asked than there can be."""
    monkeypatch.setattr(presence_module, "REGISTRY", registry := f"chat:test:{uuid4().hex}")
    seconds, _ = await raw.time()
    await raw.zadd(registry, {f"forged-{number}": seconds for number in range(2_000)})
    await raw.zadd(registry, {"ahead": 1e18, "bytes \xff": seconds, "a" * 1_000: seconds})

    async with own_client(redis_server) as client:
        presence = Presence(OnlyAnn(), client, boot_id=uuid4().hex)
        await presence.start()
        assert len(presence.registered) <= MAX_INSTANCES + 1
        assert all(len(boot_id) <= 64 for boot_id in presence.registered)
        assert "ahead" not in presence.registered
        met = [presence.met(f"invented-{number}") for number in range(2_000)]
        assert not any(met[2:])
        assert presence.met("forged-1999") is False
        await presence.stop()


def figures_of(client: Client, boot_id: str) -> LiveFigures:
    def status() -> Status:
        return Status(instance_id="i", boot_id=boot_id, uptime=1.0, link="up", draining=False)

    return LiveFigures(client, status)


@pytest.mark.parametrize(
    "written",
    [b"\xff", b"garbage", b"{", b"[]", b"5", b"{}", b"[" * 100_000, b'{"instance_id": 5}'],
)
async def test_figures(
    redis_server: str, raw: redis.asyncio.Redis, written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures_module, "REGISTRY", registry := f"chat:test:{uuid4().hex}")
    await raw.zadd(registry, {"other": (await raw.time())[0]})
    await raw.set("chat:figures:other", written, ex=60)

    async with own_client(redis_server) as client:
        own = figures_of(client, "b")
        found, complete = await own.all()

    assert [one.boot_id for one in found] == ["b"]
    assert complete


async def test_the_registry_of_figures(
    redis_server: str, raw: redis.asyncio.Redis, spoil: Spoil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is begun anew."""
    monkeypatch.setattr(figures_module, "REGISTRY", registry := f"chat:test:{uuid4().hex}")
    monkeypatch.setattr(figures_module, "FIGURES_SECONDS", 0.05)
    await spoil(raw, registry)
    async with own_client(redis_server) as client:
        own, other = figures_of(client, "one"), figures_of(client, "other")
        other.start(role="instance")

        async def is_known() -> bool:
            found, _ = await own.all()
            return {one.boot_id for one in found} == {"one", "other"}

        await becomes_true(is_known)
        await other.stop()


async def test_it_is_said_once_a_second(
    redis_server: str, raw: redis.asyncio.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    conversation_id = uuid4().hex
    await raw.set(f"chat:garbage:{conversation_id}", "x")
    begun = time.monotonic()
    async with own_client(redis_server) as client:
        positions = SharedPositions(client, "garbage")
        await asyncio.gather(*(positions.get(conversation_id, ["ann"]) for _ in range(100)))

    lines = [record for record in caplog.records if "redis." in str(record.msg)]
    assert len(lines) <= 2 + time.monotonic() - begun
