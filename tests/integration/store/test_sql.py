"""What the SQL store promises beyond the contract: few queries, durability, plain failures."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from messaging.entities import Preferences
from messaging.exceptions import ConversationNotFound, StoreUnavailable
from messaging.identifiers import random_id
from messaging.store.base import Commit, CommitUnknown, Conflict
from messaging.store.sql import SqlStore
from tests.integration.store import editing, new_conversation, sending


@contextmanager
def on_connect(act: Callable[[BaseDatabaseWrapper], None]) -> Iterator[None]:
    """Do something to each connection that is opened, in the thread that opens it."""

    def connected(connection: BaseDatabaseWrapper, **_: object) -> None:
        act(connection)

    connection_created.connect(connected)
    try:
        yield
    finally:
        connection_created.disconnect(connected)


@contextmanager
def around_queries(wrapper: Callable[..., Any]) -> Iterator[None]:
    """Call `wrapper(execute, sql, params, many, context)` for each query of new connections."""
    with ExitStack() as stack:

        def wrap(connection: BaseDatabaseWrapper) -> None:
            stack.enter_context(connection.execute_wrapper(wrapper))

        stack.enter_context(on_connect(wrap))
        yield


@pytest.fixture
def queries(sql_store: SqlStore) -> Iterator[list[str]]:
    """The SQL of the store so far, without BEGIN and ROLLBACK of a snapshot."""
    executed: list[str] = []

    def record(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql not in {"BEGIN DEFERRED", "ROLLBACK"}:
            executed.append(sql)
        return execute(sql, *rest)

    with around_queries(record):
        yield executed


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """New connections wait 50 ms for a locked SQLite, not 4 s."""
    monkeypatch.setitem(connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"], "timeout", 0.05)


@contextmanager
def foreign_writer() -> Iterator[None]:
    """Another process that keeps the database locked for writing."""
    name = connections.settings[DEFAULT_DB_ALIAS]["NAME"]
    other = sqlite3.connect(name, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


class Gate:
    """Holds up the query that begins with some words until it is opened."""

    def __init__(self, words: str) -> None:
        self._words = words
        self.reached = threading.Event()
        self._opened = threading.Event()

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(self._words):
            self.reached.set()
            self._opened.wait(10)
        return execute(sql, *rest)

    def open(self) -> None:
        self._opened.set()


# Queries


@pytest.mark.parametrize("size", [1, 20])
async def test_page_takes_three_queries(sql_store: SqlStore, queries: list[str], size: int) -> None:
    """A page of conversations takes three queries, however many it has."""
    for _ in range(size):
        created = await sql_store.create_conversation(new_conversation("ann", "bob", "cid"))
        await sql_store.commit(sending(created, "hello"))
    queries.clear()

    page = await sql_store.list_conversations("ann", limit=20)

    assert len(page.conversations) == size
    assert all(conversation.last_message for conversation in page.conversations)
    assert len(queries) == 3


async def test_conversation_takes_three_queries(sql_store: SqlStore, queries: list[str]) -> None:
    """A conversation is its row, its participants' rows and its last message's."""
    created = await sql_store.create_conversation(new_conversation("ann", "bob", "cid"))
    queries.clear()

    await sql_store.get_conversation(created.id)

    assert len(queries) == 3


@pytest.mark.parametrize("size", [1, 50])
async def test_send_takes_two_queries(sql_store: SqlStore, queries: list[str], size: int) -> None:
    """A commit of any number of sends is one UPDATE and one INSERT, and reads nothing."""
    created = await sql_store.create_conversation(new_conversation("ann", "bob", "cid"))
    queries.clear()

    await sql_store.commit(sending(created, *["hello"] * size))

    assert [sql.split()[0] for sql in queries] == ["BEGIN", "UPDATE", "INSERT"]


async def test_reading_takes_one_query(sql_store: SqlStore, queries: list[str]) -> None:
    """Messages and positions come in one query each, however many there are."""
    created = await sql_store.create_conversation(new_conversation("ann", "bob", "cid"))
    commit = sending(created, *["hello"] * 30)
    await sql_store.commit(commit)
    queries.clear()

    await sql_store.list_messages(created.id, first_seq=1, last_seq=30)
    await sql_store.get_messages(created.id, [message.id for message in commit.created])
    await sql_store.list_changed_messages(created.id, since=0, until=30, limit=30)
    await sql_store.count_changed_messages(created.id, since=0, up_to=30)
    await sql_store.list_read_positions(created.id)
    await sql_store.get_read_positions("ann", [created.id, random_id()])

    assert len(queries) == 6


async def test_reading_uses_indexes(sql_store: SqlStore) -> None:
    """No read scans a whole table."""
    plans: list[str] = []

    def explain(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("SELECT"):
            _, _, context = rest
            cursor = context["connection"].connection.cursor()
            literal = context["connection"].ops.last_executed_query(cursor, sql, rest[0])
            plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {literal}"))
        return execute(sql, *rest)

    created = await sql_store.create_conversation(new_conversation("ann", "bob", "cid"))
    await sql_store.commit(sending(created, "hello"))
    await sql_store.close()
    with around_queries(explain):
        first = await sql_store.list_conversations("ann", limit=1)
        await sql_store.list_conversations("ann", limit=1, cursor=first.next_cursor)
        await sql_store.get_conversation(created.id)
        await sql_store.list_messages(created.id, first_seq=1, last_seq=30)
        await sql_store.get_messages(created.id, [random_id()])
        await sql_store.list_changed_messages(created.id, since=0, until=30, limit=30)
        await sql_store.count_changed_messages(created.id, since=0, up_to=30)
        await sql_store.list_read_positions(created.id)
        await sql_store.get_read_positions("ann", [created.id, random_id()])
        await sql_store.close()

    assert len(plans) >= 9
    assert [plan for plan in plans if plan.startswith("SCAN messaging_")] == []


# Durability and threads


async def test_durability(sql_store: SqlStore) -> None:
    """Each connection of the store syncs each commit to the disk, into a write-ahead log."""
    found = []

    def look(connection: BaseDatabaseWrapper) -> None:
        with connection.cursor() as cursor:
            for pragma in ("journal_mode", "synchronous", "foreign_keys"):
                cursor.execute(f"PRAGMA {pragma}")
                found.append((pragma, cursor.fetchone()[0]))

    with on_connect(look):
        await sql_store.create_conversation(new_conversation("ann"))
        await sql_store.ping()

    assert found == [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)] * 2


async def test_one_writer(sql_store: SqlStore) -> None:
    """On SQLite all writes go through one thread, and none of them waits for a lock."""
    threads = set()

    def record(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            threads.add(threading.get_ident())
        return execute(sql, *rest)

    with around_queries(record):
        await asyncio.gather(
            *(sql_store.create_conversation(new_conversation("ann")) for _ in range(20))
        )
        await sql_store.close()

    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_close_gives_threads_and_connections_back(sql_store: SqlStore) -> None:
    """After close no thread of the store runs and no connection is open; then it starts anew."""
    before = set(threading.enumerate())
    opened: list[BaseDatabaseWrapper] = []
    with on_connect(opened.append):
        created = await sql_store.create_conversation(new_conversation("ann"))
        await asyncio.gather(*(sql_store.ping() for _ in range(10)))
        running = set(threading.enumerate()) - before

        await sql_store.close()

        assert running
        assert not any(thread.is_alive() for thread in running if thread.name.startswith("sql"))
        assert opened
        assert all(connection.connection is None for connection in opened)
        assert await sql_store.get_conversation(created.id) == created


async def test_reading_while_somebody_writes(sql_store: SqlStore, impatient: None) -> None:
    """A reader does not wait for whoever holds the write lock."""
    created = await sql_store.create_conversation(new_conversation("ann"))

    with foreign_writer():
        found = await sql_store.get_conversation(created.id)
        page = await sql_store.list_conversations("ann", limit=10)

    assert found == created
    assert page.conversations == [created]


async def test_conversation_is_read_in_one_moment(sql_store: SqlStore) -> None:
    """A commit between the queries of one read does not show in it by halves."""
    created = await sql_store.create_conversation(new_conversation("ann", "bob"))
    commit = sending(created, "hello")
    left = {"ann": created.participants["ann"]}
    commit = replace(commit, after=replace(commit.after, participants=left))
    await sql_store.close()
    gate = Gate('SELECT "messaging_participant"')
    with around_queries(gate):
        reading = asyncio.create_task(sql_store.get_conversation(created.id))
        await asyncio.to_thread(gate.reached.wait, 10)
        committed = await sql_store.commit(commit)
        gate.open()

        assert await reading == created
        assert await sql_store.get_conversation(created.id) == committed
        await sql_store.close()


# Failures


async def test_locked_database(sql_store: SqlStore, impatient: None) -> None:
    """A write that finds SQLite locked is StoreUnavailable, and works once it is free."""
    created = await sql_store.create_conversation(new_conversation("ann"))

    with foreign_writer():
        with pytest.raises(StoreUnavailable):
            await sql_store.commit(sending(created, "hello"))
        with pytest.raises(StoreUnavailable):
            await sql_store.create_conversation(new_conversation("ann"))
        with pytest.raises(StoreUnavailable):
            await sql_store.advance_read(created.id, "ann", 1)
        with pytest.raises(StoreUnavailable):
            await sql_store.set_preferences(created.id, "ann", Preferences())

    assert await sql_store.get_conversation(created.id) == created
    await sql_store.commit(sending(created, "hello"))


@pytest.fixture
def failing(sql_store: SqlStore) -> Iterator[Callable[[str], None]]:
    """Makes SQLite fail at what follows the next statement that begins with some words."""
    armed: list[str] = []

    def fail(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if armed and sql.startswith(armed[0]):
            armed.clear()
            # Interrupts the next statement at its first step: a real error of the driver.
            rest[-1]["connection"].connection.set_progress_handler(lambda: 1, 1)
        return result

    with around_queries(fail):
        yield armed.append


async def test_failure_before_commit(sql_store: SqlStore, failing: Callable[[str], None]) -> None:
    """A connection that fails before COMMIT is StoreUnavailable: nothing was written."""
    created = await sql_store.create_conversation(new_conversation("ann"))
    failing("UPDATE")

    with pytest.raises(StoreUnavailable):
        await sql_store.commit(sending(created, "hello"))

    assert await sql_store.get_conversation(created.id) == created
    await sql_store.commit(sending(created, "hello"))


async def test_failure_at_commit(sql_store: SqlStore, failing: Callable[[str], None]) -> None:
    """A connection that fails at COMMIT is CommitUnknown; the next call has a new connection."""
    created = await sql_store.create_conversation(new_conversation("ann"))
    failing("INSERT")

    with pytest.raises(CommitUnknown):
        await sql_store.commit(sending(created, "hello"))

    assert await sql_store.get_conversation(created.id) == created
    await sql_store.commit(sending(created, "hello"))


async def test_failure_of_a_read(sql_store: SqlStore, failing: Callable[[str], None]) -> None:
    """A read whose connection fails is StoreUnavailable; the next one has a new connection."""
    created = await sql_store.create_conversation(new_conversation("ann"))
    failing("SELECT")

    with pytest.raises(StoreUnavailable):
        await sql_store.get_conversation(created.id)

    assert await sql_store.get_conversation(created.id) == created


async def test_commit_that_takes_too_long(sql_store: SqlStore) -> None:
    """A commit without an answer in time is unknown; it may be applied yet."""
    created = await sql_store.create_conversation(new_conversation("ann"))
    gate = Gate("INSERT")
    slow = SqlStore(timeout=0.2)
    with around_queries(gate):
        with pytest.raises(CommitUnknown):
            await slow.commit(sending(created, "hello"))
        gate.open()
        await slow.close()

    found = await sql_store.get_conversation(created.id)
    assert found is not None
    assert found.seq == 1


async def test_commit_that_never_began(sql_store: SqlStore) -> None:
    """A commit that waits for the writer until its time is over is never carried out."""
    held = await sql_store.create_conversation(new_conversation("ann"))
    queued = await sql_store.create_conversation(new_conversation("ann"))
    gate = Gate("INSERT")
    slow = SqlStore(timeout=0.2)
    with around_queries(gate):
        first = asyncio.create_task(slow.commit(sending(held, "hello")))
        await asyncio.to_thread(gate.reached.wait, 10)
        with pytest.raises(StoreUnavailable):
            await slow.commit(sending(queued, "hello"))
        with pytest.raises(CommitUnknown):
            await first
        gate.open()
        await slow.close()

    assert await sql_store.get_conversation(queued.id) == queued


async def test_fault_is_no_already_exists(sql_store: SqlStore) -> None:
    """A commit that breaks another rule of the tables is a fault, and writes nothing."""
    created = await sql_store.create_conversation(new_conversation("ann"))
    commit = sending(created, "one", "two")
    same_seq = [commit.created[0], replace(commit.created[1], seq=1)]

    with pytest.raises(Exception, match="UNIQUE") as caught:
        await sql_store.commit(replace(commit, created=same_seq))

    assert type(caught.value).__name__ == "IntegrityError"
    assert await sql_store.get_conversation(created.id) == created


async def test_commit_to_nothing(sql_store: SqlStore) -> None:
    """A commit to a conversation that was never stored is a Conflict."""
    base = replace(new_conversation("ann"), token=1)

    with pytest.raises(Conflict):
        await sql_store.commit(Commit(before=base, after=base))


async def test_preferences_in_nothing(sql_store: SqlStore) -> None:
    """Preferences in a conversation that was never stored are refused."""
    with pytest.raises(ConversationNotFound):
        await sql_store.set_preferences(random_id(), "ann", Preferences())


async def test_replaced_messages_cost_one_update_each(
    sql_store: SqlStore, queries: list[str]
) -> None:
    """An edit is the conversation's UPDATE and the message's."""
    created = await sql_store.create_conversation(new_conversation("ann"))
    sent = await sql_store.commit(sending(created, "tpyo"))
    assert sent.last_message is not None
    queries.clear()

    await sql_store.commit(editing(sent, sent.last_message, "typo"))

    assert [sql.split()[0] for sql in queries] == ["BEGIN", "UPDATE", "UPDATE"]
