"""What the SQL store promises on SQLite, the embedded default."""

import asyncio
import sqlite3
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Notify
from messaging.domain.people import FOREVER
from messaging.domain.reports import ReportStatus
from messaging.models import MessageRecord
from messaging.stores.conversations import STORE_FAILURES, CommitUnknown
from messaging.stores.sql.catalogue import SqlCatalogue
from messaging.stores.sql.reports import SqlReportStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import eventually, new_conversation, sending
from tests.integration.stores.sql.sql_spies import Gate, around_queries, on_connect


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """New connections wait 50 ms for a locked SQLite, not 3 s."""
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


# Indexes


@pytest.fixture
def plans(sql_store: SqlStore) -> Iterator[list[str]]:
    """How SQLite carries out what the store reads, a line for each step."""
    found: list[str] = []

    def explain(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("SELECT"):
            _, _, context = rest
            cursor = context["connection"].connection.cursor()
            literal = context["connection"].ops.last_executed_query(cursor, sql, rest[0])
            found.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {literal}"))
        return execute(sql, *rest)

    with around_queries(explain):
        yield found


async def test_history_uses_its_index(sql_store: SqlStore, plans: list[str]) -> None:
    """A page of history is a stretch of one index: no table is scanned and nothing sorted."""
    await sql_store.list_messages(random_id(), first_seq=1, last_seq=50)

    (plan,) = plans
    assert plan == (
        "SEARCH messaging_message USING INDEX"
        " sqlite_autoindex_messaging_message_2 (conversation_id=? AND seq>? AND seq<?)"
    )


async def test_changes_use_their_index(sql_store: SqlStore, plans: list[str]) -> None:
    """What changed since a version is a stretch of one index; counting needs the index alone."""
    await sql_store.list_changed_messages(random_id(), since=0, until=30, limit=30)
    await sql_store.count_changed_messages(random_id(), since=0, up_to=30)

    listing, *counting = plans
    assert listing == (
        "SEARCH messaging_message USING INDEX"
        " messaging_message_version (conversation_id=? AND version>? AND version<?)"
    )
    assert (
        "SEARCH messaging_message USING COVERING INDEX"
        " messaging_message_version (conversation_id=? AND version>?)"
    ) in counting


async def test_positions_use_their_index(sql_store: SqlStore, plans: list[str]) -> None:
    """Read positions are a stretch of one index, or a place in it for each conversation."""
    await sql_store.list_read_positions(random_id())
    await sql_store.get_read_positions("ann", [random_id(), random_id()])

    index = "SEARCH messaging_read_position USING INDEX sqlite_autoindex_messaging_read_position_1"
    assert plans == [f"{index} (conversation_id=?)", f"{index} (conversation_id=? AND user_id=?)"]


async def test_conversations_use_indexes(sql_store: SqlStore, plans: list[str]) -> None:
    """Conversations are found by indexes. What is sorted in memory is one person's conversations
    (an index in that order would be rewritten for everybody, each time that somebody writes)."""
    created = await sql_store.create_conversation(new_conversation("ann", "bob", "cid"))
    await sql_store.commit(sending(created, "hello"))
    await sql_store.create_conversation(new_conversation("ann"))

    await sql_store.get_conversation(created.id)
    first = await sql_store.list_conversations("ann", limit=1)
    await sql_store.list_conversations("ann", limit=1, cursor=first.next_cursor)

    assert not any(plan.startswith("SCAN") for plan in plans)
    own = "USING COVERING INDEX messaging_participant_user (user_id=?)"
    assert sum(own in plan for plan in plans) == 2
    assert {plan for plan in plans if "TEMP B-TREE" in plan} == {"USE TEMP B-TREE FOR ORDER BY"}


async def test_ones_own_view_is_one_statement_by_indexes(
    sql_store: SqlStore, plans: list[str]
) -> None:
    """A person's places, list and companions: nothing is scanned, and the other people are
    looked up by conversation and person, or counted up to what a list shows."""
    await sql_store.create_conversation(new_conversation("ann", "bob"))

    for read in (
        sql_store.list_memberships("ann", limit=10),
        sql_store.get_memberships("ann", ["x", "y"]),
        sql_store.list_own_conversations("ann", limit=10, people=50),
        sql_store.list_companions("ann", ["bob", "cid"], most=300),
    ):
        plans.clear()
        await read
        scans = {line for line in plans if line.startswith("SCAN")}
        # What a statement has found itself it may walk through, no table.
        assert all(line.startswith(("SCAN few", "SCAN shared", "SCAN (subq")) for line in scans)
        assert any("messaging_participant_user (user_id=?" in line for line in plans) or any(
            "messaging_participant_1 (conversation_id=? AND user_id=?" in line for line in plans
        ), plans


async def test_what_changed_uses_an_index(sql_store: SqlStore, plans: list[str]) -> None:
    """Conversations are found by the time of their latest change; to ask costs nothing while
    nothing changes."""
    await sql_store.list_changed_conversations(since=datetime.now(UTC))

    changed = "INDEX messaging_conversation_updated (updated_at>?)"
    assert sum(changed in plan for plan in plans) == 1
    assert not any(plan.startswith("SCAN") for plan in plans)


async def test_lists_of_operators_use_indexes(sql_store: SqlStore, plans: list[str]) -> None:
    """The first page is read from the end of an index, and each other one from its own place: what
    was shown before is not walked through."""
    catalogue, reports = SqlCatalogue(sql_store), SqlReportStore(sql_store)
    place = (datetime.now(UTC), "x")

    async def plan(listing: Awaitable[object]) -> str:
        plans.clear()
        await listing
        assert not any("FOR ORDER BY" in step for step in plans[:-1])
        return "\n".join(plans)

    for after, updated, failed, created in (
        (None, "SCAN U0 USING INDEX {}", "(failed_at>?)", ""),
        (place, "SEARCH U0 USING INDEX {} (updated_at<?)", "<?)", " AND created_at<?"),
    ):
        listed = await plan(catalogue.list_conversations(limit=25, after=after))
        assert updated.format("messaging_conversation_updated") in listed
        listed = await plan(catalogue.list_frozen(limit=25, after="x" if after else ""))
        assert "INDEX messaging_conversation_frozen (id>?)" in listed
        listed = await plan(catalogue.list_people(limit=25, after="x" if after else ""))
        assert listed.count("USING COVERING INDEX") == listed.count("(user_id>?)") == 3
        banned = (FOREVER, "x") if after else None
        listed = await plan(catalogue.list_banned(limit=25, after=banned))
        assert "USING INDEX messaging_person_banned (banned_until>?)" in listed
        assert ("messaging_person_banned (banned_until=? AND user_id>?)" in listed) is bool(after)
        assert "TEMP B-TREE" not in listed
        key = (place[0], "x.y.1") if after else None
        listed = await plan(catalogue.list_failed(limit=25, after=key))
        assert "INDEX messaging_decision_failed_at" in listed
        assert failed in listed
        listed = await plan(reports.list_reports(limit=25, after=after))
        assert "USING INDEX messaging_report_created_at" in listed
        for wanted, index in (
            ({"status": ReportStatus.OPEN}, "messaging_report_status (status=?"),
            ({"author_id": "ann"}, "messaging_report_author (author_id=?"),
        ):
            listed = await plan(reports.list_reports(limit=25, after=after, **wanted))
            assert f"SEARCH messaging_report USING INDEX {index}{created})" in listed
        listed = await plan(reports.list_reports_by("ann", limit=25, after="x" if after else ""))
        assert "INDEX messaging_report_reporter (reporter_id=? AND id>?)" in listed


async def test_messages_by_id(sql_store: SqlStore, plans: list[str]) -> None:
    """Messages asked for by their ids are found by them, or by their conversation."""
    await sql_store.get_messages(random_id(), [random_id(), random_id()])

    assert not any(plan.startswith("SCAN") for plan in plans)


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
        await sql_store.now()

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


async def test_reading_while_somebody_writes(sql_store: SqlStore, impatient: None) -> None:
    """A reader does not wait for whoever holds the write lock."""
    created = await sql_store.create_conversation(new_conversation("ann"))

    with foreign_writer():
        found = await sql_store.get_conversation(created.id)
        page = await sql_store.list_conversations("ann", limit=10)

    assert found == created
    assert page.conversations == [created]


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
            await sql_store.set_preferences(created.id, "ann", {"notify": Notify.ALL})

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


# Somebody else has the lock


async def test_foreign_lock_is_told_in_time(sql_store: SqlStore) -> None:
    """With the settings as they are, a locked SQLite is StoreUnavailable within 4 s, and nothing
    is written afterwards; reading goes on meanwhile."""
    created = await sql_store.create_conversation(new_conversation("ann"))
    store = SqlStore()
    with foreign_writer():
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await store.commit(sending(created, "hello"))
        assert time.monotonic() - started < 4
        assert await store.get_conversation(created.id) == created

    assert await store.get_conversation(created.id) == created
    await store.commit(sending(created, "hello"))
    await store.close()


async def test_breaker(sql_store: SqlStore, impatient: None) -> None:
    """After five writes in vain the next is refused at once; a second later one is tried, and
    from then on all of them are carried out again."""
    created = await sql_store.create_conversation(new_conversation("ann"))
    await sql_store.close()
    with foreign_writer():
        for _ in range(5):
            with pytest.raises(StoreUnavailable):
                await sql_store.commit(sending(created, "hello"))
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await sql_store.commit(sending(created, "hello"))
        assert time.monotonic() - started < 0.1

    committed = await eventually(lambda: sql_store.commit(sending(created, "hello")))
    await asyncio.gather(*(sql_store.now() for _ in range(10)))
    assert await sql_store.get_conversation(created.id) == committed


# Damage


async def test_a_text_that_is_not_utf8_stops_nobody_else(sql_store: SqlStore) -> None:
    """However often it is read, the store counts as working. No log line quotes the text."""
    damaged, sound = new_conversation("ann", "bob"), new_conversation("ann", "cid")
    for conversation in (damaged, sound):
        stored = await sql_store.create_conversation(conversation)
        await sql_store.commit(sending(stored, "secret"))
    messages = MessageRecord.objects.filter(conversation_id=damaged.id)
    await messages.aupdate(text=RawSQL("CAST(x'736563726574ff' AS TEXT)", ()))

    with structlog.testing.capture_logs() as lines:
        for _ in range(2 * STORE_FAILURES):
            with pytest.raises(ValueError, match="not UTF-8") as refused:
                await sql_store.list_messages(damaged.id, first_seq=1, last_seq=1)
            said = "".join(traceback.format_exception(refused.value))
            assert "secret" not in said

    assert lines == []
    assert sql_store.condition is Condition.OK
    assert await sql_store.list_messages(sound.id, first_seq=1, last_seq=1)
