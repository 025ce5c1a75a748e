"""Cursors for fixed statements of our own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper


@contextmanager
def native_cursor(database: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
    """Return a cursor that takes statements as the driver does: with SQLite's own parameters, or
    with values beside a statement that PostgreSQL prepares. Django's cursor translates each
    statement anew, or writes the values into it."""
    connection = database.connection
    own: Any = connection.cursor() if database.vendor == "sqlite" else psycopg.Cursor(connection)
    with database.make_cursor(own) as cursor:
        yield cursor
