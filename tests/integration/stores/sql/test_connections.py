"""The connections to a PostgreSQL: bounded, shared, and waited for."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress

import psycopg
import pytest
import pytest_asyncio
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django.fixtures import Settings

from messaging.stores.sql.connections import pool
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation


@pytest.fixture
def connections_open(postgres_server: str, postgres_store: SqlStore) -> Iterator[psycopg.Cursor]:
    """A cursor that counts the connections that the test opens."""
    with psycopg.connect(postgres_server, autocommit=True) as root, root.cursor() as cursor:
        yield cursor


def count(cursor: psycopg.Cursor) -> int:
    """Those that began after the cursor's own: the server takes its time to end earlier ones."""
    cursor.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_type = 'client backend'"
        " AND backend_start > ("
        "  SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())"
    )
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def sleeping(cursor: psycopg.Cursor) -> bool:
    """Whether the server works on a call of `sleep`."""
    cursor.execute(
        "SELECT 1 FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )
    return cursor.fetchone() is not None


def take_all(others: ExitStack, cursor: psycopg.Cursor) -> None:
    """Take every connection that the server has to give."""
    with suppress(psycopg.OperationalError):
        while True:
            others.enter_context(psycopg.connect(cursor.connection.info.dsn))


def sleep(seconds: float) -> Callable[[BaseDatabaseWrapper], None]:
    def work(database: BaseDatabaseWrapper) -> None:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [seconds])

    return work


@pytest_asyncio.fixture
async def store(empty_postgres: str, settings: Settings) -> AsyncIterator[SqlStore]:
    settings.DATABASE_CONNECTIONS = 4
    store = SqlStore(using=empty_postgres, timeout=4)
    yield store
    await store.close()


async def test_as_many_as_it_uses(store: SqlStore, connections_open: psycopg.Cursor) -> None:
    """One for calls one after the other, and never more than the setting says."""
    before = count(connections_open)
    for _ in range(5):
        await store.now()
    assert count(connections_open) - before == 1

    await asyncio.gather(
        *(store.calls.read("now", sleep(0.2)) for _ in range(8)),
        *(store.calls.write("record", sleep(0.2)) for _ in range(8)),
    )
    assert count(connections_open) - before == 4


async def test_idle_connections_are_closed(
    store: SqlStore, connections_open: psycopg.Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next call opens one again."""
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.1)
    before = count(connections_open)
    await store.now()

    end = time.monotonic() + 10
    while count(connections_open) > before:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)
    await store.now()


async def test_a_little_work_keeps_one_connection(
    store: SqlStore, connections_open: psycopg.Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance at rest reads something every second. The connections of a rush are closed all
    the same."""
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.5)
    before = count(connections_open)
    await asyncio.gather(*(store.calls.read("now", sleep(0.2)) for _ in range(8)))
    assert count(connections_open) - before > 1

    end = time.monotonic() + 10
    while count(connections_open) - before > 1:
        assert time.monotonic() < end
        await store.now()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("writes", [False, True])
async def test_neither_reads_nor_writes_take_all(
    store: SqlStore, connections_open: psycopg.Cursor, writes: bool
) -> None:
    """A crowd of slow reads leaves a connection to writes, and the other way round."""
    calls = store.calls
    start, other = (calls.write, calls.read) if writes else (calls.read, calls.write)
    crowd = [asyncio.create_task(start("now", sleep(1))) for _ in range(8)]
    while not sleeping(connections_open):
        await asyncio.sleep(0.01)

    begun = time.monotonic()
    await other("now", sleep(0))
    waited = time.monotonic() - begun

    await asyncio.gather(*crowd)
    assert waited < 0.9


async def test_a_server_without_a_free_connection(
    store: SqlStore, connections_open: psycopg.Cursor
) -> None:
    """Calls wait for the connections that the process holds, and all of them are answered."""
    await store.now()
    with ExitStack() as others:
        take_all(others, connections_open)
        created = await asyncio.gather(
            *(store.create_conversation(new_conversation()) for _ in range(40))
        )
    assert len(created) == 40


async def test_a_server_that_has_one_again_in_time(
    store: SqlStore, connections_open: psycopg.Cursor
) -> None:
    """Also a process that holds none yet waits within the time of its call."""
    with ExitStack() as others:
        take_all(others, connections_open)
        call = asyncio.create_task(store.now())
        answered, _ = await asyncio.wait({call}, timeout=0.5)
        assert not answered
    await call
