"""The admin's lists over very much open in as many reads as over little."""

import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS, connections
from pytest_django.fixtures import Settings

from config.application import Application
from messaging.domain.people import FOREVER
from messaging.runtime.instance import Instance
from messaging.stores.sql.store import SqlStore
from tests.instances import new_instance
from tests.integration.admin import Operator, documents_read, rows_of, sign_in
from tests.integration.stores import new_conversation, sending

CONVERSATIONS = 100_000
MESSAGES_EACH = 10
FIRESTORE_MESSAGES = 50_000
_AT_ONCE = 250
_PAGE = 25
_ID = "abcdefghijklmnopqrst"
"""Ids are this and six digits, which are letters of the alphabet of ids from 2 on."""

_LOAD = (
    """
CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
SELECT i, ? || replace(replace(replace(replace(printf('%06d', i),
    '0', 'a'), '1', 'b'), '8', 'c'), '9', 'd') AS id FROM n
""",
    """
INSERT INTO messaging_conversation (id, kind, title, created_at, updated_at, active_at, seq,
    version, sent_seq, preferences, blocked_by, frozen, content_hash, commit_id, revision)
SELECT id, 'group', 'Tea', m, m, m, 10, 10, '{}', '{}', '[]', 0, '', '', 1 FROM (SELECT id,
    strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || i || ' seconds') || '000' AS m FROM n)
""",
    """
INSERT INTO messaging_participant (conversation_id, user_id, role, joined_version, position)
SELECT id, 'user-' || (i % 1000), 'owner', 0, 0 FROM n
""",
    """
INSERT INTO messaging_message (id, conversation_id, seq, version, sender_id, client_id, text,
    reply_to, mentions, created_at, edited_at, deleted_at, content_hash)
SELECT n.id || seq, n.id, seq, seq, 'ann', NULL, 'hello', NULL, '[]', '2026-01-02 03:04:05.678000',
    NULL, NULL, '' FROM n, (SELECT 1 AS seq UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION
    SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10)
""",
    """
INSERT INTO messaging_person (user_id, valid_after, banned_until, access_changed_at, blocked)
SELECT 'user-' || i, NULL, '9999-01-01 00:00:00', '2026-01-01 00:00:00', '[]' FROM n
""",
    """
INSERT INTO messaging_decision (conversation_id, message_id, chunk, people, failed_at, expires_at)
SELECT id, id || '1', 0, '{"user-1": {"claimed_until":
    null, "verdict": "failed", "reason": "unavailable", "at": "2026-01-01", "devices": {}}}',
    '2026-01-01 00:00:00', '9999-01-01 00:00:00' FROM n
""",
    """
INSERT INTO messaging_report (id, conversation_id, message_id, author_id, reporter_id, reason,
    created_at, status, closed_at, closed_by)
SELECT id, id, id, 'user-1', 'user-2', 'spam', '2026-01-01 00:00:00', 'open', NULL, '' FROM n
""",
)


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


@pytest.fixture
def firestore(own_emulator: str, settings: Settings) -> None:
    """Has the instance keep its data on an emulator of its own."""
    settings.CHAT_STORE = "firestore"
    settings.GOOGLE_CLOUD_PROJECT = f"bench-{uuid4().hex}"


@pytest_asyncio.fixture
async def root(instance: Instance) -> AsyncIterator[Operator]:
    """An operator who may do everything."""
    transport = httpx.ASGITransport(app=Application(instance))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        user, session = await sign_in("root")
        yield Operator(client, user, session)


def on_sql(instance: Instance) -> bool:
    return isinstance(instance.store, SqlStore)


async def open_list(instance: Instance, root: Operator, path: str) -> str:
    """What it cost."""
    reads, started = documents_read(), time.perf_counter()
    answer = await root.get(path)
    reads, seconds = documents_read() - reads, time.perf_counter() - started
    # What failed has nothing to choose it by.
    rows = len(rows_of(answer)) or answer.text.count("user-1: unavailable")
    assert rows == (MESSAGES_EACH if path.startswith("message/") and on_sql(instance) else _PAGE)
    assert reads <= 4 * _PAGE
    return f"{path.partition('?')[0]:14} {reads:4} reads, {seconds * 1000:5.0f} ms"


FAR = datetime(2026, 1, 1, 13, tzinfo=UTC)
"""In the middle of the conversations, all of which were changed within 28 hours."""
MIDDLE = f"{_ID}dffddd"
"""An id in the middle."""

PAGES: dict[str, Callable[[Instance, Any], Awaitable[Sequence[object]]]] = {
    "conversation/": lambda instance, after: instance.catalogue.list_conversations(
        limit=_PAGE, after=(FAR, MIDDLE) if after else None
    ),
    "report/": lambda instance, after: instance.reports.list_reports(
        limit=_PAGE, after=(datetime(2026, 1, 1, tzinfo=UTC), MIDDLE) if after else None
    ),
    "person/": lambda instance, after: instance.catalogue.list_people(
        limit=_PAGE, after="user-50000" if after else ""
    ),
    "person/?banned=1": lambda instance, after: instance.catalogue.list_banned(
        limit=_PAGE, after=(FOREVER, "user-50000") if after else None
    ),
}
"""What lists read: their first page, and one with tens of thousands of rows before it."""


async def far_down(
    instance: Instance, name: str, page: Callable[[Instance, Any], Awaitable[Sequence[object]]]
) -> str:
    """How much longer one takes that is far down than the first: measured in turns."""
    taken: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(20):
        for after, seconds in taken.items():
            started = time.perf_counter()
            assert len(await page(instance, after)) == _PAGE
            seconds.append(time.perf_counter() - started)
    first, far = median(taken[False]), median(taken[True])
    assert far < 5 * first, name
    return f"{name:16} far down {far * 1000:5.1f} ms, first page {first * 1000:5.1f} ms"


@pytest.mark.benchmark
async def test_a_million_messages_on_sql(
    instance: Instance, root: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """100,000 conversations, 1,000,000 messages, 100,000 people and reports."""
    with sqlite3.connect(connections.settings[DEFAULT_DB_ALIAS]["NAME"]) as database:
        database.execute("PRAGMA synchronous=OFF")
        create, *fill = _LOAD
        database.execute(create, [CONVERSATIONS - 1, _ID])
        for statement in fill:
            database.execute(statement)
        ((count,),) = database.execute("SELECT count(*) FROM messaging_message")
    database.close()
    assert count == CONVERSATIONS * MESSAGES_EACH

    with sqlite3.connect(connections.settings[DEFAULT_DB_ALIAS]["NAME"]) as database:
        ((some,),) = database.execute("SELECT id FROM messaging_conversation LIMIT 1 OFFSET 50000")
    database.close()
    await root.post(f"message/?conversation={some}", {"look": "1", "reason": "to count"})
    paths = (
        "conversation/",
        "conversation/?q=user-7",
        "report/",
        "report/?q=user-1",
        "person/",
        "person/?banned=1",
        "notification/",
        f"message/?conversation={some}",
    )
    lines = [await open_list(instance, root, path) for path in paths]
    lines += [await far_down(instance, name, page) for name, page in PAGES.items()]

    with capsys.disabled():
        print(f"\nadmin over {count:,} messages on SQLite\n" + "\n".join(lines))


@pytest.mark.benchmark
async def test_many_messages_on_firestore(
    firestore: None, instance: Instance, root: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """50,000 messages in one conversation."""
    store = instance.store
    conversation = await store.create_conversation(new_conversation("ann"))
    for _ in range(FIRESTORE_MESSAGES // _AT_ONCE):
        conversation = await store.commit(sending(conversation, *["hello"] * _AT_ONCE))
    path = f"message/?conversation={conversation.id}"
    await root.post(path, {"look": "1", "reason": "to count"})

    line = await open_list(instance, root, path)

    with capsys.disabled():
        print(f"\nadmin over {conversation.seq:,} messages on the emulator\n{line}")
