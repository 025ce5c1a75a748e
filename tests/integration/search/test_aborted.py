"""Searches that their person aborts: the database still works on them."""

import asyncio
import contextlib
from collections.abc import Iterator

import psycopg
import pytest

from messaging.domain.exceptions import SearchUnavailable
from messaging.runtime.instance import Instance
from messaging.search.finding import Filters
from messaging.search.query import parse

_RUNNING = """SELECT count(*) FROM pg_stat_activity
    WHERE state = 'active' AND wait_event_type = 'Lock' AND query LIKE '%messaging_search_%'"""

pytestmark = [
    pytest.mark.parametrize("stored", ["sql"], indirect=True),
    pytest.mark.parametrize("each_database", ["postgresql"], indirect=True),
]


@pytest.fixture
def locked(each_database: str, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    """A database in which every search waits. Yields a connection that can count them."""
    url = request.getfixturevalue("postgres_server")
    with psycopg.connect(url) as locking, psycopg.connect(url, autocommit=True) as watching:
        locking.execute("LOCK TABLE messaging_search_membership IN ACCESS EXCLUSIVE MODE")
        yield watching


async def test_a_person_who_aborts_searches_has_one_at_a_time(
    searching: Instance, locked: psycopg.Connection
) -> None:
    """Otherwise one person would keep all threads from everybody."""
    assert searching.search is not None

    def search(user_id: str) -> "asyncio.Task[object]":
        assert searching.search is not None
        return asyncio.create_task(searching.search.find(user_id, parse("tea"), Filters(), limit=1))

    first = search("ann")
    await running(locked, 1)
    first.cancel()
    second = search("ann")
    await asyncio.wait([first, second], timeout=0.2)
    assert first.cancelled()
    assert await asyncio.to_thread(count, locked) == 1

    other = search("bob")
    await running(locked, 2)
    for task in (second, other):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, SearchUnavailable):
            await task


async def running(connection: psycopg.Connection, number: int) -> None:
    """Wait until so many searches wait for the lock."""
    async with asyncio.timeout(5):
        while await asyncio.to_thread(count, connection) != number:
            await asyncio.sleep(0.02)


def count(connection: psycopg.Connection) -> int:
    row = connection.execute(_RUNNING).fetchone()
    assert row is not None
    found: int = row[0]
    return found
