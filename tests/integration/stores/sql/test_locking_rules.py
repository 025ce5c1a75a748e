"""No migration holds a lock for long on PostgreSQL: each statement that it runs is read."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from pytest_django import DjangoDbBlocker

from tests.integration.stores.databases import named_database
from tests.integration.stores.sql.locking_rules import altered_tables, mistakes
from tests.integration.stores.sql.test_migrating import _url

__all__ = ["_url"]

_PREVIOUS = ("0009_lists_of_operators", "0002_groups")
"""The latest migrations of the previous release, of `messaging` and of `chat`."""
_CONTENT_TYPES = ("django_content_type", "auth_permission", "auth_group", "django_migrations")
"""Small tables of Django's own, which no request writes."""


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("CREATE INDEX a ON t (b)", 1),
        ("CREATE UNIQUE INDEX a ON t (b)", 1),
        ("CREATE INDEX CONCURRENTLY a ON t (b)", 0),
        ("ALTER TABLE t ADD COLUMN a integer NULL", 0),
        ("ALTER TABLE t ADD COLUMN a integer DEFAULT 0 NOT NULL", 0),
        ("ALTER TABLE t ADD COLUMN a jsonb DEFAULT ('{}'::jsonb) NOT NULL", 0),
        ("ALTER TABLE t ADD COLUMN a text DEFAULT 'b, (c' NOT NULL, ADD COLUMN d text NULL", 0),
        ("ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid() NOT NULL", 1),
        ("ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now() NOT NULL", 1),
        ("ALTER TABLE t ADD COLUMN a integer NOT NULL", 1),
        ("ALTER TABLE t ADD COLUMN a integer DEFAULT 0 NOT NULL CHECK (a >= 0)", 1),
        ("ALTER TABLE t ADD COLUMN a integer NULL REFERENCES u (id)", 1),
        ("ALTER TABLE t ADD COLUMN a bigserial", 1),
        ("ALTER TABLE t ADD COLUMN a tsvector GENERATED ALWAYS AS (b) STORED", 1),
        ("ALTER TABLE t ADD CONSTRAINT a CHECK (b > 0)", 1),
        ("ALTER TABLE t ADD CONSTRAINT a CHECK (b > 0) NOT VALID", 0),
        ("ALTER TABLE t ALTER COLUMN a TYPE bigint USING a::bigint", 1),
        ("ALTER TABLE t ALTER COLUMN a SET NOT NULL", 1),
        ("ALTER TABLE t ALTER COLUMN a DROP NOT NULL", 0),
        ("UPDATE t SET a = 1", 1),
        ("LOCK TABLE t", 1),
        ("VACUUM FULL t", 1),
    ],
)
def test_the_rules(statement: str, expected: int) -> None:
    """On a table that is in use, and on one that the migration has just created."""
    assert len(list(mistakes([statement]))) == expected
    assert not list(mistakes(['CREATE TABLE "t" ("b" integer)', statement]))


@pytest.fixture
def executed(url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, list[str]]]:
    """The statements of each migration since the previous release, as PostgreSQL got them."""
    with named_database("locking", url) as alias, django_db_blocker.unblock():
        for app, name in zip(("messaging", "chat"), _PREVIOUS, strict=True):
            call_command("migrate", app, name, database=alias, verbosity=0)
        connection = connections[alias]
        statements: dict[str, list[str]] = {}

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            statements.setdefault(current[0], []).append(sql)
            return execute(sql, params, many, context)

        current = [""]

        def progress(action: str, migration: Any = None, fake: bool | None = False, /) -> None:
            current[0] = f"{migration.app_label}.{migration.name}" if migration else ""

        executor = MigrationExecutor(connection, progress)
        with connection.execute_wrapper(note):
            executor.migrate(executor.loader.graph.leaf_nodes())
        yield {
            name: found
            for name, found in statements.items()
            if name.partition(".")[0] in ("messaging", "chat")
        }


def test_no_migration_holds_a_lock_for_long(executed: dict[str, list[str]]) -> None:
    """Tables of Django's own that no request writes are excepted."""
    wrong = [
        f"{name}: {mistake}"
        for name, statements in executed.items()
        for mistake in mistakes(statements)
        if not any(f'"{table}"' in mistake for table in _CONTENT_TYPES)
    ]

    assert len(executed) >= 19
    assert wrong == []


def test_no_transaction_locks_two_tables_in_use(executed: dict[str, list[str]]) -> None:
    """It would keep the first table locked while it waits for the second one, and sends, which use
    both, would deadlock with it."""
    disk = MigrationLoader(None).disk_migrations
    wrong = {}
    for name, statements in executed.items():
        app, _, migration = name.partition(".")
        if disk[app, migration].atomic and len(tables := altered_tables(statements)) > 1:
            wrong[name] = tables

    assert wrong == {}


@pytest.mark.parametrize(
    ("statements", "tables"),
    [
        (['ALTER TABLE "t" ADD COLUMN "a" integer', "ALTER TABLE u DROP COLUMN a"], {"t", "u"}),
        (['CREATE TABLE "t" ("b" integer)', 'ALTER TABLE "t" ADD COLUMN "a" integer'], set()),
        (['CREATE TABLE "t" ("b" integer)', 'ALTER TABLE "t" ADD REFERENCES "u" ("c")'], {"u"}),
        (["CREATE INDEX a ON t (b)", "UPDATE u SET a = 1"], {"t", "u"}),
    ],
)
def test_which_tables_are_locked(statements: list[str], tables: set[str]) -> None:
    assert altered_tables(statements) == tables
