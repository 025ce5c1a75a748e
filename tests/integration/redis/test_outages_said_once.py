"""While Redis is away the log says so once, however often it is missed, and again the next time;
and it is not asked with every message."""

import asyncio
import time

import pytest
import structlog

from config.development.ports import free_port
from config.development.redis import run_redis
from messaging.delivery.hub.connections import Connections
from messaging.notifications.badges import Badges
from messaging.positions.acknowledged import Acknowledgements
from messaging.presence.presence import Presence
from messaging.redis import client as redis_client
from messaging.redis.client import Outage, make_redis
from messaging.redis.rate_limits import Rate, Rates

_RATE = Rate(name="test", per_second=1_000, burst=1_000)


async def test_in_the_rates_and_the_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are asked with every message."""
    monkeypatch.setattr(redis_client, "_REST_SECONDS", 0.0)
    port = free_port()
    client = make_redis({"address": f"redis://127.0.0.1:{port}/0"})
    assert client is not None
    rates, acknowledged = Rates(client), Acknowledgements(client)

    async def ask() -> None:
        for _ in range(5):
            await rates.take(_RATE, "ann")
            await acknowledged.positions("a-conversation", ["ann"])

    try:
        with structlog.testing.capture_logs() as lines:
            await ask()
            with run_redis(port):
                while len(lines) < 4:  # a first answer may come too late on a busy machine
                    await ask()
            await ask()
    finally:
        await client.aclose()

    said = [(line["log_level"], line.get("failed", line["event"])) for line in lines]
    away = ["acknowledged.unknown", "rates.counted_alone"]
    assert sorted(said[:2]) == sorted(said[4:]) == [("warning", action) for action in away]
    assert sorted(said[2:4]) == [("info", action) for action in away]


async def test_a_hung_redis_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """After two failures in a row nobody asks with every message, but one a second."""
    monkeypatch.setattr(redis_client, "_REST_SECONDS", 60.0)
    asked = 0

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = make_redis({"address": f"redis://127.0.0.1:{port}/0"})
    assert client is not None
    acknowledged, rates, rung = Acknowledgements(client), Rates(client), Badges(client)
    presence = Presence(Connections(), client, boot_id="here")

    async def ask() -> None:
        await asyncio.gather(
            acknowledged.positions("a-conversation", ["ann"]),
            rates.take(_RATE, "ann"),
            rung.add("a-conversation", 1, ["ann"]),
            presence.look(["ann"]),
        )

    try:
        await ask()
        await ask()
        async with asyncio.timeout(1):
            for _ in range(50):
                await ask()
    finally:
        await client.aclose()
        server.close()

    assert asked == 2 * 4


def test_whether_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """One failure may be a closed connection. From the second on one asks at a time, until there
    is an answer."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    outage = Outage("tests.unknown")

    outage.failed(TimeoutError())
    assert [outage.may_ask() for _ in range(3)] == [True] * 3
    outage.failed(TimeoutError())
    assert [outage.may_ask() for _ in range(3)] == [False] * 3
    now += 1.01
    assert [outage.may_ask() for _ in range(3)] == [True, False, False]
    outage.over()
    assert [outage.may_ask() for _ in range(3)] == [True] * 3
