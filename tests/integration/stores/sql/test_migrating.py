"""Migrating a database that is in use."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connections
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from tests.integration.stores.databases import named_database

_PREVIOUS = "0009_lists_of_operators"
"""The latest migration of the previous release."""
_CONVERSATION = """INSERT INTO messaging_conversation (id, kind, created_at, updated_at, active_at,
    seq, version, sent_seq, preferences, blocked_by, frozen, content_hash, commit_id, revision)
  VALUES ('one', 'group', current_timestamp, current_timestamp, current_timestamp, 0, 0, '{}', '{}',
    '[]', false, '', '', 1)"""
_ROWS = """INSERT INTO messaging_read_position (conversation_id, user_id, read_seq, delivered_seq)
  WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 30000)
  SELECT 'one', 'person-' || n, 0, 0 FROM numbers"""
_NEXT = "0012_participant_count"
_SLOW_STEPS = 10_000
_SLOW_SECONDS = 0.02
"""A slow machine: SQLite waits so long after so many steps of its programs."""
_BUSY_SECONDS = 0.1
"""After which a writer of SQLite looks again (`sqliteDefaultBusyCallback`)."""


@pytest.fixture(name="url")
def _url(postgres_server: str) -> Iterator[str]:
    """Of an empty database."""
    name = f"migrating_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield postgres_server.rpartition("/")[0] + f"/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(alias: str, *names: str) -> None:
    call_command("migrate", "messaging", *names, database=alias, verbosity=0)


def _left(alias: str) -> int:
    """How many migrations are still to be carried out."""
    executor = MigrationExecutor(connections[alias])
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes("messaging")))


@pytest.mark.parametrize(
    "table", ["messaging_read_position", "messaging_person", "messaging_conversation"]
)
def test_a_migration_that_waits_for_a_lock_gives_up_and_can_be_repeated(
    url: str, table: str, django_db_blocker: DjangoDbBlocker
) -> None:
    """With `lock_timeout`, as docs/upgrade.md says: a transaction that stays open keeps nobody
    else from writing, and what was done of the migration does not have to be undone."""
    with named_database("migrating", url) as alias, django_db_blocker.unblock():
        _migrate(alias, _PREVIOUS)
        with psycopg.connect(url) as reader:
            reader.execute(f"SELECT count(*) FROM {table}")
            with connections[alias].cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
            with pytest.raises(OperationalError):
                _migrate(alias)
            assert _left(alias)
            with psycopg.connect(url, autocommit=True) as writer:
                writer.execute("SET lock_timeout = '20s'")
                writer.execute(f"DELETE FROM {table}")

        _migrate(alias)

        assert not _left(alias)


def test_an_index_that_could_not_be_built_is_built_again(
    url: str, django_db_blocker: DjangoDbBlocker
) -> None:
    """PostgreSQL leaves an invalid index where building it beside others fails."""
    with named_database("migrating", url) as alias, django_db_blocker.unblock():
        _migrate(alias, _PREVIOUS)
        with psycopg.connect(url, autocommit=True) as others:
            others.execute(_CONVERSATION)
            others.execute("ALTER TABLE messaging_read_position ADD updated_at timestamptz")
            for user_id in ("ann", "bob"):
                others.execute(
                    "INSERT INTO messaging_read_position (conversation_id, user_id, read_seq,"
                    " delivered_seq) VALUES ('one', %s, 0, 0)",
                    [user_id],
                )
            with pytest.raises(psycopg.errors.UniqueViolation):
                others.execute(
                    "CREATE UNIQUE INDEX CONCURRENTLY messaging_read_position_mine"
                    " ON messaging_read_position (conversation_id)"
                )

            _migrate(alias)

            index = others.execute(
                "SELECT indisvalid, indisunique FROM pg_index"
                " WHERE indexrelid = 'messaging_read_position_mine'::regclass"
            ).fetchone()
        assert index == (True, False)


def test_no_migration_writes_a_table_of_sqlite_anew(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    """Nobody else may write while a table is copied, and a large one takes minutes."""
    url = f"sqlite:///{tmp_path / 'migrating.sqlite3'}"
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with named_database("migrating", url) as alias, django_db_blocker.unblock():
        _migrate(alias, _PREVIOUS)
        with connections[alias].cursor() as cursor:
            cursor.execute("INSERT INTO messaging_person (user_id, blocked) VALUES ('ann', '[]')")
        with connections[alias].execute_wrapper(note):
            _migrate(alias)
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT added_by, left_groups, private_reading FROM messaging_person")
            person = cursor.fetchone()

    assert [one for one in statements if "ADD COLUMN" in one]
    assert not [one for one in statements if '"new__' in one]
    assert person == ("anyone", "{}", 0)


def test_others_may_write_to_sqlite_between_two_migrations(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each migration locks the file while Django looks at the references of all rows. SQLite has no
    queue: who waits for the lock finds it free only if it stays free for a moment."""
    file = tmp_path / "migrating.sqlite3"
    pauses: list[float] = []
    wait = time.sleep

    def write(seconds: float) -> None:
        pauses.append(seconds)
        with sqlite3.connect(file, timeout=0, isolation_level=None) as others:
            others.execute("UPDATE messaging_person SET blocked = '[1]'")

    with named_database("migrating", f"sqlite:///{file}") as alias, django_db_blocker.unblock():
        _migrate(alias, _PREVIOUS)
        with connections[alias].cursor() as cursor:
            cursor.execute("INSERT INTO messaging_person (user_id, blocked) VALUES ('ann', '[]')")
            cursor.execute(_CONVERSATION)
            cursor.execute(_ROWS)
        connection: sqlite3.Connection = connections[alias].connection
        connection.set_progress_handler(lambda: wait(_SLOW_SECONDS), _SLOW_STEPS)
        monkeypatch.setattr(time, "sleep", write)
        _migrate(alias, _NEXT)

    assert len(pauses) == int(_NEXT[:4]) - int(_PREVIOUS[:4])
    assert min(pauses) > _BUSY_SECONDS
