"""An instance that is killed while it deletes a group: the next one completes the deletion."""

import asyncio
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from config.development.ports import free_port
from config.development.processes import Process
from messaging.stores.firestore.store import FirestoreStore
from tests.acceptance.examples import create_service
from tests.clients.rest import Rest, http_client
from tests.databases import migrate
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

MESSAGES = 1_500  # five times as many as are deleted at once
_SQLITE = "sqlite:///"
_COUNT = "SELECT count(*) FROM messaging_message WHERE conversation_id = '{}'"
_MARKS = "SELECT count(*) FROM messaging_deletion"
_DUE = "UPDATE messaging_deletion SET due_at = CURRENT_TIMESTAMP"
_TRIES = 5

Count = Callable[[str], Awaitable[int]]
"""Returns how many messages of a conversation are stored."""


@pytest.mark.chaos
@pytest.mark.parametrize("store", ["sqlite", "postgres", "firestore"])
async def test_killed_while_it_deletes(
    store: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {}
    if store == "postgres":
        settings["DATABASE_URL"] = request.getfixturevalue("postgres_server")
    if store == "firestore":
        host = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        settings = {"CHAT_STORE": store, "GOOGLE_CLOUD_PROJECT": f"test-{uuid4().hex}"}
    environment = isolated_environment(tmp_path, **settings)
    migrate(environment)
    token = create_service(environment)
    async with AsyncExitStack() as open_:
        for _ in range(_TRIES):
            group, left = await half_deleted(environment, token, open_)
            if left:
                break
        assert 0 < left < MESSAGES
        execute(environment, _DUE)  # a minute passes
        _, _, count = await started(environment, open_)
        async with asyncio.timeout(60):
            while await count(group) or execute(environment, _MARKS):
                await asyncio.sleep(0.2)


async def half_deleted(
    environment: dict[str, str], token: str, open_: AsyncExitStack
) -> tuple[str, int]:
    """Kill an instance once some messages of a group are deleted. Return the group, and how many
    are left."""
    process, http, count = await started(environment, open_)
    ann, service = Rest(http, "ann"), Rest(http, "shop", token)
    group = (await ann.create_group("bob", title="Tea"))["id"]
    for start in range(0, MESSAGES, 50):
        numbers = range(start, start + 50)
        await asyncio.gather(*(ann.send(group, "tea", f"{one}") for one in numbers))
    assert await count(group) == MESSAGES
    deleting = asyncio.create_task(service.request("DELETE", f"/conversations/{group}"))
    while await count(group) == MESSAGES:
        await asyncio.sleep(0)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    with pytest.raises(httpx.TransportError):
        await deleting
    return group, await count(group)


async def started(
    environment: dict[str, str], open_: AsyncExitStack
) -> tuple[Process, httpx.AsyncClient, Count]:
    port = free_port()
    process = await asyncio.to_thread(
        open_.enter_context, forked_instance(port, environment=environment)
    )
    http = await open_.enter_async_context(http_client(f"http://127.0.0.1:{port}"))
    if environment["CHAT_STORE"] == "firestore":
        store = FirestoreStore(project=environment["GOOGLE_CLOUD_PROJECT"])
        open_.push_async_callback(store.close)
        return process, http, partial(store.count_changed_messages, since=0, up_to=MESSAGES)

    async def count(group: str) -> int:
        return execute(environment, _COUNT.format(group))

    return process, http, count


def execute(environment: dict[str, str], statement: str) -> int:
    """Run a statement on `DATABASE_URL`. Return the number that it answers, if any."""
    database = environment["DATABASE_URL"]
    if database.startswith(_SQLITE):
        with closing(sqlite3.connect(database.removeprefix(_SQLITE), timeout=20)) as connection:
            row = connection.execute(statement).fetchone()
            connection.commit()
    else:
        with psycopg.connect(database) as server:
            found = server.execute(statement.encode())
            row = found.fetchone() if found.description else None
    return 0 if row is None else int(row[0])
