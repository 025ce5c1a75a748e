"""Transactions, and what the error of one proves."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import atomic

from messaging.stores.conversations import CommitUnknown
from messaging.stores.sql.connections.errors import lost, not_writable

_BEGIN_SNAPSHOT = {
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "sqlite": "BEGIN DEFERRED",
}


@contextmanager
def snapshot(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Let all reads of the body see the database as it was at the first of them. The body writes
    nothing, and is in no other transaction."""
    with database.cursor() as cursor:
        cursor.execute(_BEGIN_SNAPSHOT[database.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


@contextmanager
def committing(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Run a transaction. Raises CommitUnknown if the connection is lost during COMMIT.

    A locked SQLite fails at BEGIN IMMEDIATE instead, when nothing is written.
    """
    commit_sent = False
    try:
        with atomic(using=database.alias):
            yield
            commit_sent = True
    except Error as error:
        if commit_sent and lost(error) and not not_writable(error):
            raise CommitUnknown from error
        raise
