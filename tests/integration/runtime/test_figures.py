"""Live figures on a real Redis: what each process counts, and who is no longer there."""

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio
from django.conf import settings as django_settings
from websockets.asyncio.client import connect

from config.development.ports import free_port
from messaging import __version__
from messaging.instruments.metrics import (
    DELIVERIES,
    MESSAGES,
    NOTIFICATION_DECISIONS,
    STORE_DOCUMENTS,
)
from messaging.instruments.store_answers import STORE_ANSWERS
from messaging.redis.client import make_redis
from messaging.runtime import figures
from messaging.runtime.figures import Figures, LiveFigures, Status
from messaging.services.operators.overview import Overview
from tests.chaos.relay import Relay, port_of
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import migrate
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

Make = Callable[..., LiveFigures]

_PATIENCE = 20


@pytest_asyncio.fixture
async def make(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Figures of a process: `make("one")`, or `make("one", "")` without a Redis."""
    monkeypatch.setattr(figures, "REGISTRY", f"chat:figures:{uuid4().hex}")
    monkeypatch.setattr(figures, "FIGURES_SECONDS", 0.05)
    made = []

    def make_one(name: str, url: str = redis_server) -> LiveFigures:
        client = make_redis({"address": url} if url else None)
        boot_id = uuid4().hex

        def status() -> Status:
            return Status(instance_id=name, boot_id=boot_id, uptime=1.0, link="up", draining=False)

        one = LiveFigures(client, status)
        made.append((one, client))
        return one

    yield make_one
    for one, client in made:
        await one.stop()
        if client is not None:
            await client.aclose()


async def until(one: LiveFigures, holds: Callable[[list[Figures]], bool]) -> list[Figures]:
    """The figures of all, once this holds for them."""
    end = time.monotonic() + _PATIENCE
    while True:
        found, complete = await one.all()
        assert complete
        if holds(list(found)):
            return list(found)
        assert time.monotonic() < end, found
        await asyncio.sleep(0.02)


def named(*names: str) -> Callable[[list[Figures]], bool]:
    return lambda found: [one.instance_id for one in found] == list(names)


async def test_each_sees_all(make: Make) -> None:
    """Instances by name, then workers; and nobody who has said goodbye."""
    one, two, worker = make("one"), make("two"), make("a-worker")
    two.start(role="instance")
    worker.start(role="worker")
    one.start(role="instance")

    await until(one, named("one", "two", "a-worker"))
    await until(worker, named("one", "two", "a-worker"))
    await two.stop()
    await until(one, named("one", "a-worker"))


async def test_whoever_ends_without_a_goodbye(
    make: Make, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are gone with their lease."""
    monkeypatch.setattr(figures, "_LEASE_SECONDS", 1)
    async with Relay(port_of(redis_server)) as relay:
        one, two = make("one"), make("two", f"redis://127.0.0.1:{relay.port}/0")
        one.start(role="instance")
        two.start(role="instance")
        await until(one, named("one", "two"))

        relay.cut()
        await until(one, named("one"))


async def test_totals_and_rates(make: Make) -> None:
    """Rates are those of the time between two looks."""
    one = make("one", "")
    before = one.own()
    MESSAGES.inc(20)
    DELIVERIES.inc(200)
    STORE_DOCUMENTS.labels("a_test", "read").inc(7)
    NOTIFICATION_DECISIONS.labels("dropped", "muted").inc(3)
    for seconds in (0.1, 0.3):
        STORE_ANSWERS.observe(seconds)
    after = one.own()

    assert after.messages - before.messages == 20
    assert after.deliveries - before.deliveries == 200
    assert after.documents["read"] - before.documents.get("read", 0) == 7
    assert after.decisions["dropped: muted"] - before.decisions.get("dropped: muted", 0) == 3
    assert after.store_latency == pytest.approx(0.2)
    assert after.deliveries_rate == pytest.approx(10 * after.messages_rate)
    at_rest = one.own()
    assert (at_rest.messages_rate, at_rest.store_latency) == (0, None)
    together = Overview(processes=[after, after], complete=True, alone=False)
    assert together.deliveries_rate == 2 * after.deliveries_rate
    assert together.decisions["dropped: muted"] == 2 * after.decisions["dropped: muted"]


@pytest.mark.parametrize(("url", "complete"), [("", True), ("redis://127.0.0.1:{}", False)])
async def test_without_redis(make: Make, url: str, complete: bool) -> None:
    """Its own figures; where there should be a Redis, said to be not all."""
    one = make("one", url.format(free_port()))
    one.start(role="instance")

    (own,), whole = await one.all()
    assert (own.instance_id, whole) == ("one", complete)


async def test_another_version(make: Make, redis_server: str) -> None:
    """Figures of other names are passed over."""
    one, two = make("one"), make("two")
    one.start(role="instance")
    two.start(role="instance")
    await until(one, named("one", "two"))
    await two.stop()
    client = make_redis({"address": redis_server})
    assert client is not None
    await client.zadd(figures.REGISTRY, {"other": time.time()})
    await client.set("chat:figures:other", orjson.dumps({"instance_id": "other", "new": 1}), ex=9)
    await client.aclose()

    await until(one, named("one"))


async def test_of_a_real_instance(
    make: Make, redis_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has done is seen from elsewhere."""
    monkeypatch.setattr(figures, "REGISTRY", "chat:figures")
    environment = isolated_environment(tmp_path, REDIS_URL=redis_server, INSTANCE_ID="real")
    migrate(environment)
    port = free_port()
    with forked_instance(port, environment=environment):
        async with (
            http_client(f"http://127.0.0.1:{port}") as http,
            connect(
                f"ws://127.0.0.1:{port}/ws/v1",
                additional_headers={"Authorization": f"Bearer {token_of('ann')}"},
                proxy=None,
            ) as socket,
        ):
            await socket.recv()
            ann = Rest(http, "ann")
            group = await ann.create_group("bob", title="Tea")
            await ann.send(group["id"], "hello", "1")
            watcher = make("watcher")
            found = await until(
                watcher,
                lambda all_: any(
                    one.instance_id == "real" and one.messages and one.store_latency for one in all_
                ),
            )

    (real,) = (one for one in found if one.instance_id == "real")
    assert (real.role, real.version, real.link, real.draining) == (
        *("instance", __version__, "up", False),
    )
    assert (real.sockets, real.messages, real.deliveries) == (1, 1, 1)
    assert real.documents["write"] >= 4
    assert 0 < real.uptime < 60


def test_the_version() -> None:
    """It is that of the project."""
    project = tomllib.loads(Path(django_settings.BASE_DIR, "pyproject.toml").read_text())
    assert project["project"]["version"] == __version__
