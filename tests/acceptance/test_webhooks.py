"""Webhooks under fire: the endpoint is down, answers 500 half of the time, hangs, and the worker is
killed. Every event arrives, in the order of its conversation, signed."""

import asyncio
import itertools
import random
import signal
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from standardwebhooks import Webhook

from config.development.instances import instance
from config.development.processes import free_port
from messaging.notifications.queue.sqs import create_queues
from tests.acceptance.conftest import isolated_environment
from tests.clients.rest import Rest, http_client
from tests.databases import migrate
from tests.integration.outbound.hooks import Hook, Received, answer
from tests.integration.webhooks import SECRET
from tests.moments import lapse
from tests.notifications.fcm_server import URL_VARIABLE
from tests.notifications.sqs_server import aws_environment
from tests.notifications.workers import worker

_SQLITE = "sqlite:///"
_INSERT = """INSERT INTO messaging_webhook_endpoint (
    url, description, events, enabled, switched_off_for, created_at, changed_at, secret,
    previous_secret
) VALUES (%s, '', '[]', {true}, '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, %s, '')"""


@dataclass(kw_only=True)
class Storm:
    """How much happens."""

    events: int
    conversations: int
    kills: int
    down_seconds: float
    hangs: bool


@dataclass
class Site:
    """A receiver that verifies each request, and drops repeats by their id."""

    mood: str = "good"
    received: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """Events by conversation, in the order of their first arrival."""
    seen: set[str] = field(default_factory=set)
    refused: int = 0

    def handle(self, got: Received) -> bytes | None:
        body = Webhook(SECRET).verify(got.body, got.headers)
        if self.mood == "hangs":
            return None
        if self.mood == "fails" and random.random() < 0.5:
            self.refused += 1
            return answer(500)
        if got.headers["webhook-id"] not in self.seen:
            self.seen.add(got.headers["webhook-id"])
            self.received[body["data"]["conversation_id"]].append(body)
        return answer(204)

    def message_ids(self) -> set[str]:
        events = itertools.chain.from_iterable(self.received.values())
        return {
            body["data"]["message"]["id"] for body in events if body["type"] == "message.created"
        }


@pytest.mark.timeout(300)
async def test_a_short_storm(tmp_path: Path, sqs_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    storm = Storm(events=60, conversations=6, kills=1, down_seconds=1, hangs=False)
    await weather(tmp_path, sqs_url, storm, monkeypatch)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
async def test_five_thousand_events(
    tmp_path: Path, sqs_url: str, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    storm = Storm(events=5_000, conversations=200, kills=5, down_seconds=60, hangs=True)
    await weather(tmp_path, sqs_url, storm, monkeypatch, database=postgres_server)


async def weather(
    folder: Path,
    sqs_url: str,
    storm: Storm,
    monkeypatch: pytest.MonkeyPatch,
    *,
    database: str | None = None,
) -> None:
    for name, value in aws_environment(sqs_url).items():
        monkeypatch.setenv(name, value)
    environment = isolated_environment(
        folder,
        **aws_environment(sqs_url),
        DJANGO_SETTINGS_MODULE="tests.notifications.settings",
        **{URL_VARIABLE: "http://127.0.0.1:1"},  # nobody has a device
        CHAT_OUTBOUND_ALLOWED_NETWORKS="127.0.0.0/8",
        NOTIFICATION_QUEUE_URL=create_queues(f"webhooks-{folder.name}"[:60], hidden=60),
        **({"DATABASE_URL": database} if database else {}),
    )
    migrate(environment)
    site, port = Site(), free_port()
    add_endpoint(environment["DATABASE_URL"], f"http://127.0.0.1:{port}/")
    async with serving(environment) as ann:
        groups = [
            (await ann.create_group("bob", title="Tea"))["id"] for _ in range(storm.conversations)
        ]
        sent: set[str] = set()
        sending = asyncio.create_task(send_all(ann, groups, storm.events, sent))
        await suffer(environment, storm, site, port)
        await sending
        with worker(environment):
            async with Hook(site.handle).run(port):
                await everything_arrives(site, sent, seconds=120 + storm.events / 5)
    assert site.message_ids() == sent
    assert set(site.received) == set(groups)
    for events in site.received.values():
        versions = [body["data"]["version"] for body in events]
        assert versions == sorted(set(versions))
        assert events[0]["type"] == "conversation.created"
    assert site.refused


async def suffer(environment: dict[str, str], storm: Storm, site: Site, port: int) -> None:
    """Run workers, one after the other, each of which is killed; and the site in all its moods."""
    await lapse(storm.down_seconds / 2)
    for number in range(storm.kills):
        site.mood = "hangs" if storm.hangs and number % 2 else "fails"
        with worker(environment) as process:
            async with Hook(site.handle).run(port):
                before = len(site.seen)
                while site.mood == "fails" and len(site.seen) < before + 10:
                    await asyncio.sleep(0.05)
                if site.mood == "hangs":
                    await lapse(15)
            await lapse(storm.down_seconds / 2)
            process.send_signal(signal.SIGKILL)
    site.mood = "good"


async def send_all(ann: Rest, groups: list[str], number: int, sent: set[str]) -> None:
    for start in range(0, number, 20):
        numbers = range(start, min(start + 20, number))
        sends = [send(ann, groups[one % len(groups)], f"message {one}") for one in numbers]
        sent |= set(await asyncio.gather(*sends))


async def send(ann: Rest, group: str, text: str) -> str:
    """Send a message, again if its connection was idle for too long: a worker was started."""
    while True:
        with suppress(httpx.TransportError):
            return str((await ann.send(group, text, client_id=text))["id"])


async def everything_arrives(site: Site, sent: set[str], *, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not sent <= site.message_ids():
            await asyncio.sleep(0.2)


@asynccontextmanager
async def serving(environment: dict[str, str]) -> AsyncIterator[Rest]:
    port = free_port()
    with instance(port, environment=environment):
        async with http_client(f"http://127.0.0.1:{port}") as client:
            yield Rest(client, "ann")


def add_endpoint(database: str, url: str) -> None:
    """Add an endpoint, as the admin does."""
    if database.startswith(_SQLITE):
        with sqlite3.connect(database.removeprefix(_SQLITE)) as connection:
            connection.execute(_INSERT.format(true="1").replace("%s", "?"), [url, SECRET])
        connection.close()
        return
    with psycopg.connect(database) as server:
        server.execute(_INSERT.format(true="true").encode(), [url, SECRET])
