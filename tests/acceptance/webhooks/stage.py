"""A chat with a queue, whose workers deliver webhooks."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config.development.ports import free_port
from messaging.notifications.queue.sqs import create_queues
from tests.acceptance.examples import SECRET, Chat, create_service
from tests.databases import migrate
from tests.notifications.fcm_server import URL_VARIABLE
from tests.notifications.sqs_server import aws_environment
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

_SQLITE = "sqlite:///"
_INSERT = """INSERT INTO messaging_webhook_endpoint (
    url, description, events, enabled, switched_off_for, created_at, changed_at, secret,
    previous_secret
) VALUES (%s, '', '[]', {true}, '', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, %s, '')"""
TIMES: dict[str, Any] = {"request": 2.0, "pauses": [0.5, 1.0, 2.0], "longest_pause": 4.0}
"""The times of webhooks, shorter than in production."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    chat: Chat
    environment: dict[str, str]
    """That of the chat; workers run in it too."""

    def add_endpoint(self, url: str) -> None:
        """Add an endpoint for all events, as the admin does."""
        database = self.environment["DATABASE_URL"]
        if database.startswith(_SQLITE):
            with sqlite3.connect(database.removeprefix(_SQLITE)) as connection:
                statement = _INSERT.format(true="1").replace("%s", "?")
                connection.execute(statement, [url, SECRET])
            connection.close()
            return
        with psycopg.connect(database) as server:
            server.execute(_INSERT.format(true="true").encode(), [url, SECRET])


@contextmanager
def staged(
    folder: Path, sqs_url: str, monkeypatch: pytest.MonkeyPatch, **settings: str
) -> Iterator[Stage]:
    """Run a chat in a fresh environment with these settings. Nobody in it has a device."""
    for name, value in aws_environment(sqs_url).items():
        monkeypatch.setenv(name, value)
    environment = isolated_environment(
        folder,
        **aws_environment(sqs_url),
        DJANGO_SETTINGS_MODULE="tests.notifications.settings",
        **{URL_VARIABLE: "http://127.0.0.1:1"},
        TEST_WEBHOOKS=json.dumps(TIMES),
        CHAT_OUTBOUND_ALLOWED_NETWORKS="127.0.0.0/8",
        NOTIFICATION_QUEUE_URL=create_queues(f"webhooks-{folder.name}"[:60], hidden=60),
        **settings,
    )
    migrate(environment)
    token = create_service(environment, "--requests-per-second", "1000")
    port = free_port()
    with forked_instance(port, environment=environment):
        chat = Chat(f"http://127.0.0.1:{port}", token)
        yield Stage(chat=chat, environment=environment)
