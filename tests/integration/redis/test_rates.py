"""Rates: counted over all instances in a real Redis, and alone without one."""

import socket
from uuid import uuid4

import pytest

from messaging.redis import rate_limits as rates_module
from messaging.redis.client import make_redis
from messaging.redis.rate_limits import Rate, Rates
from tests.moments import lapse

SLOW = Rate(name="test", per_second=0.1, burst=5)


async def allowed(rates: Rates, rate: Rate, user_id: str, times: int) -> int:
    """How many of so many at once are let through."""
    waits = [await rates.take(rate, user_id) for _ in range(times)]
    return waits.count(0.0)


async def test_over_all_instances_together(redis_server: str) -> None:
    """Each person for themselves, each rule for itself; the wait is until there is room."""
    clients = [make_redis({"address": redis_server}) for _ in range(3)]
    instances = [Rates(client) for client in clients]
    ann, bob = uuid4().hex, uuid4().hex
    try:
        let_through = [await allowed(one, SLOW, ann, 3) for one in instances]
        assert let_through == [3, 2, 0]
        assert await allowed(instances[2], SLOW, bob, 10) == 5
        assert await allowed(instances[2], Rate(name="x", per_second=1, burst=1), ann, 2) == 1
        assert 9 < await instances[0].take(SLOW, ann) <= 10
    finally:
        for client in clients:
            assert client is not None
            await client.aclose()


async def test_several_at_once_and_given_back(redis_server: str) -> None:
    """All of them or none, in Redis and without it; what is given back may be taken again."""
    client = make_redis({"address": redis_server})
    assert client is not None
    daily = Rate(name="daily", per_second=5 / 86_400, burst=5)
    try:
        for rates in (Rates(client), Rates(None)):
            ann = uuid4().hex
            assert await rates.take(daily, ann, count=4) == 0
            assert 17_000 < await rates.take(daily, ann, count=2) <= 17_280
            assert await rates.take(daily, ann) == 0
            assert await rates.take(daily, ann) > 0
            await rates.give_back(daily, ann, count=5)
            assert await rates.take(daily, ann, count=5) == 0
            assert await rates.take(daily, ann) > 0
    finally:
        await client.aclose()


async def test_asking_counts_nothing(redis_server: str) -> None:
    """In Redis and without it; the wait is that for one more."""
    client = make_redis({"address": redis_server})
    assert client is not None
    try:
        for rates in (Rates(client), Rates(None)):
            ann = uuid4().hex
            for _ in range(SLOW.burst):
                assert await rates.seconds_until_room(SLOW, ann) == 0
                assert await rates.take(SLOW, ann) == 0
            assert 9 < await rates.seconds_until_room(SLOW, ann) <= 10
            await rates.give_back(SLOW, ann, count=1)
            assert await rates.seconds_until_room(SLOW, ann) == 0
    finally:
        await client.aclose()


async def test_room_comes_back(redis_server: str) -> None:
    client = make_redis({"address": redis_server})
    assert client is not None
    rates, ann = Rates(client), uuid4().hex
    quick = Rate(name="quick", per_second=20, burst=1)
    try:
        assert await rates.take(quick, ann) == 0
        wait = await rates.take(quick, ann)
        assert 0 < wait <= 0.05
        await lapse(wait + 0.01)
        assert await rates.take(quick, ann) == 0
    finally:
        await client.aclose()


@pytest.mark.parametrize("redis", ["none", "refused", "hung"])
async def test_without_redis_each_counts_alone(redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once: one that hangs is asked seldom."""
    monkeypatch.setattr(rates_module, "_REDIS_SECONDS", 0.1)
    server = socket.create_server(("127.0.0.1", 0))  # takes connections and says nothing
    port = server.getsockname()[1] if redis == "hung" else 1
    client = None if redis == "none" else make_redis({"address": f"redis://127.0.0.1:{port}/0"})
    rates = Rates(client)
    try:
        assert await allowed(rates, SLOW, "ann", 20) == 5
        assert await allowed(rates, SLOW, "bob", 20) == 5
    finally:
        if client is not None:
            await client.aclose()
        server.close()
