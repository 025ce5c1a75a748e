"""A page of the database's files that cannot be read, as a broken disk leaves it: the rest of the
store goes on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
import structlog
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker

from messaging.domain.conversation import Conversation
from messaging.domain.health import Condition
from messaging.services.exchange.dumping import Dump
from messaging.stores.conversations import STORE_FAILURES
from messaging.stores.damage import UNREADABLE
from messaging.stores.sql.damage.damage_errors import DamagedPage
from messaging.stores.sql.exchange.store import SqlExchangeStore
from messaging.stores.sql.store import SqlStore
from tests.databases import environment_on_sqlite, migrate
from tests.integration.stores import new_conversation, sending
from tests.integration.stores.databases import named_database

_LONG = 20_000
"""Characters that take several pages of a SQLite file."""
_NO_PAGE = b"\xff\xff\xff\xff"


@pytest.fixture(name="alias")
def _alias(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Django's name of a SQLite file of the test's own, `chat.sqlite3`."""
    environment = environment_on_sqlite(tmp_path)
    migrate(environment)
    url = environment["DATABASE_URL"]
    with named_database("damaged", url) as alias, django_db_blocker.unblock():
        yield alias


@asynccontextmanager
async def _store(alias: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(using=alias, timeout=10)
    try:
        yield store
    finally:
        await store.close()


def _damage(file: Path, text: str) -> None:
    """Break the chain of pages that this text takes."""
    content = file.read_bytes()
    size = int.from_bytes(content[16:18], "big")
    page = content.index(text.encode() * (size - 100)) // size
    with file.open("r+b") as damaged:
        damaged.seek(page * size)
        damaged.write(_NO_PAGE)


async def test_what_sqlite_can_still_read(tmp_path: Path, alias: str) -> None:
    found: list[Conversation] = []
    async with _store(alias) as store:
        for letter in "abc":
            stored = await store.create_conversation(new_conversation("ann", f"bob-{letter}"))
            found.append(await store.commit(sending(stored, letter * _LONG, sender="ann")))
    first, damaged, last = found
    _damage(tmp_path / "chat.sqlite3", "b")
    async with _store(alias) as store:
        with structlog.testing.capture_logs() as lines:
            for _ in range(2 * STORE_FAILURES):
                page = await store.list_own_conversations("ann", limit=2, people=50)
                assert [one.id for one in page.conversations] == [last.id]
                assert list(page.unreadable) == [damaged.id]
                with pytest.raises(UNREADABLE, match="database disk image is malformed"):
                    await store.list_messages(damaged.id, first_seq=1, last_seq=1)
        file = BytesIO()
        said: list[str] = []
        dump = Dump(
            store=store,
            exchange=SqlExchangeStore(store),
            write=file.write,
            on_damaged=said.append,
        )
        await dump.everything(source="sql")
        assert await store.commit(sending(first, "it goes on", sender="ann"))
        assert store.condition is Condition.OK
    assert {(line["event"], line["reason"]) for line in lines} == {
        ("conversation.unreadable", "DamagedPage")
    }
    (sentence,) = said
    assert damaged.id in sentence
    assert "cannot be read (DamagedPage)" in sentence
    assert dump.counts.conversations == 2


async def test_what_postgresql_reports(postgres_store: SqlStore) -> None:
    """The error of a text of which a page is missing. It is no error of a server that is gone."""

    def read(database: BaseDatabaseWrapper) -> None:
        with database.cursor() as cursor:
            cursor.execute(
                "DO $$ BEGIN RAISE 'missing chunk number 0 for toast value 1 in pg_toast_2'"
                " USING ERRCODE = 'XX001'; END $$"
            )

    for _ in range(2 * STORE_FAILURES):
        with pytest.raises(DamagedPage, match="missing chunk number 0"):
            await postgres_store.calls.read("damaged", read)
    assert postgres_store.condition is Condition.OK
