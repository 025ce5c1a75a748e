"""Migrating a PostgreSQL that is in use."""

from collections.abc import Iterator
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
            others.execute(
                "INSERT INTO messaging_conversation (id, kind, created_at, updated_at, active_at,"
                " seq, version, sent_seq, preferences, blocked_by, frozen, content_hash, commit_id,"
                " revision) VALUES ('one', 'group', now(), now(), now(), 0, 0, '{}', '{}', '[]',"
                " false, '', '', 1)"
            )
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
