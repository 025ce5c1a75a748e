"""A store that reads and takes no writes: a full disk, a file or a server that is read-only."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import eventually, new_conversation
from tests.servers.environment import isolated_environment

_FULL_DISK = """
import asyncio, json, resource, signal, time
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from messaging.domain.exceptions import StoreUnavailable
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages, history
from messaging.domain.conversation import ConversationKind

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


async def send(instance, group, number):
    begun = time.monotonic()
    try:
        await messages.send_message(
            instance, user_id="ann", conversation_id=group, text="x" * 9000, client_id=str(number)
        )
    except StoreUnavailable:
        return "unavailable", time.monotonic() - begun
    return "sent", time.monotonic() - begun


async def main():
    instance = Instance()
    await instance.start()
    created = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=["bob"]
    )
    group = created.own.conversation.id
    assert (await send(instance, group, 0))[0] == "sent"
    room = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, room[1]))
    refused = [await send(instance, group, number) for number in range(1, 11)]
    read = await instance.store.list_latest_messages(group, limit=10)
    condition = await instance.readiness.store()
    resource.setrlimit(resource.RLIMIT_FSIZE, room)
    recovered = "unavailable"
    end = time.monotonic() + 10
    while recovered != "sent" and time.monotonic() < end:
        recovered, _ = await send(instance, group, 11)
        await asyncio.sleep(0.1)
    again = await instance.readiness.store()
    await instance.stop()
    print(json.dumps({
        "refused": [how for how, _ in refused],
        "longest": max(seconds for _, seconds in refused),
        "read": len(read),
        "condition": condition,
        "recovered": recovered,
        "again": again,
    }))


asyncio.run(main())
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """Reads go on, writes are refused with a few log lines, and are taken again afterwards."""
    environment = isolated_environment(tmp_path, LOG_FORMAT="json", LOG_LEVEL="warning")
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK],
        env={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])

    assert found["refused"] == ["unavailable"] * 10
    assert found["read"] == 1
    assert found["condition"] == "degraded"
    assert (found["recovered"], found["again"]) == ("sent", "ok")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert {line["action"] for line in lines} == {"store.not_writable"}
    assert len(lines) <= 10


async def test_a_server_that_is_read_only(postgres_store: SqlStore, postgres_server: str) -> None:
    """As a replica is that was promoted no longer: reads go on, and writes soon after it writes."""
    created = await postgres_store.create_conversation(new_conversation())
    with psycopg.connect(postgres_server, autocommit=True) as root:
        name = root.info.dbname
        root.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await postgres_store.close()
        try:
            for _ in range(10):
                with pytest.raises(StoreUnavailable):
                    await postgres_store.create_conversation(new_conversation())
            assert await postgres_store.get_conversation(created.id) == created
            assert postgres_store.condition is Condition.DEGRADED
        finally:
            root.execute("SET default_transaction_read_only = off")
            root.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')

    await eventually(lambda: postgres_store.create_conversation(new_conversation()))
    assert str(postgres_store.condition) == "ok"
