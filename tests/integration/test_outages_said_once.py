"""While Redis is away the log says so once, however often it is missed; and again the next time."""

import pytest
import structlog

from config.development.processes import free_port
from config.development.redis import run_redis
from messaging.delivery import rates as rates_module
from messaging.delivery.acknowledged import Acknowledgements
from messaging.delivery.rates import Rate, Rates
from messaging.delivery.redis_client import make_redis

_RATE = Rate(name="test", per_second=1_000, burst=1_000)


async def test_in_the_rates_and_the_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are asked with every message."""
    monkeypatch.setattr(rates_module, "_ALONE_SECONDS", 0.0)
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
