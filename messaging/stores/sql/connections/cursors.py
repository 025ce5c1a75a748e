"""Cursors for fixed statements of our own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


@contextmanager
def native_cursor(database: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
    """Return a cursor that takes statements as the driver does: with SQLite's own parameters, or
    with values beside a statement that PostgreSQL prepares. Django's cursor translates each
    statement anew, or writes the values into it."""
    connection = database.connection
    own: Any
    if database.vendor == "sqlite":
        own = connection.cursor()
    else:
        import psycopg  # noqa: PLC0415 - Django has imported it for this connection

        own = psycopg.Cursor(connection)
    with database.make_cursor(own) as cursor:
        yield cursor
