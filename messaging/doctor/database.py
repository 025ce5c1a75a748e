"""The examination of Django's database, which holds the admin, and chat if CHAT_STORE is `sql`."""

import asyncio
from collections.abc import Sequence

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from messaging.doctor.findings import Finding, Stopwatch, ok, problem, warning
from messaging.models import ServiceAccountRecord


async def examine_database(using: str = DEFAULT_DB_ALIAS) -> Sequence[Finding]:
    return await asyncio.to_thread(_examine, using)


def _examine(using: str) -> Sequence[Finding]:
    database = connections[using]
    watch = Stopwatch()
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT 1")
        findings = [ok(f"{database.display_name} answers in {watch.ms}.")]
        return [*findings, *_migrations(database), *_read_only(database), *_one_machine(database)]
    except DatabaseError as error:
        text = f"DATABASE_URL: {database.display_name} cannot be used: {str(error).strip()}"
        remedy = "Check that it runs there, and that name, user and password are correct."
        return [problem(text, remedy)]
    finally:
        database.close()


def _migrations(database: BaseDatabaseWrapper) -> Sequence[Finding]:
    executor = MigrationExecutor(database)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return []
    first = plan[0][0]
    text = f"{len(plan)} migrations are not applied; the first is {first.app_label}.{first.name}."
    return [problem(text, "Run `manage.py migrate`.")]


def _read_only(database: BaseDatabaseWrapper) -> Sequence[Finding]:
    if database.vendor != "postgresql":
        return []
    with database.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        (read_only,) = cursor.fetchone()
    if read_only == "off":
        return []
    remedy = "Set DATABASE_URL to the primary, not to a replica."
    return [problem("This PostgreSQL refuses writes.", remedy)]


def _one_machine(database: BaseDatabaseWrapper) -> Sequence[Finding]:
    if database.vendor != "sqlite" or settings.REDIS is None:
        return []
    if settings.CHAT_STORE == "sql":
        text = "Redis is configured, but chat is stored in SQLite, a file on one machine."
        return [warning(text, "For instances on several machines, use PostgreSQL or Firestore.")]
    table = ServiceAccountRecord._meta.db_table
    if table not in database.introspection.table_names():
        return []  # not migrated
    if not ServiceAccountRecord.objects.using(database.alias).exists():
        return []
    text = "Redis is configured, but the service accounts are in SQLite, a file on one machine."
    return [warning(text, "For instances on several machines, set DATABASE_URL to PostgreSQL.")]
