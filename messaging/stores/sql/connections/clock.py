"""The clock that dates the SQL store's reads and writes."""

from datetime import UTC, datetime
from typing import cast

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now


def now(database: BaseDatabaseWrapper) -> datetime:
    """Return the time of this transaction, in whole milliseconds as clients see it.

    All instances share the clock of a database server.
    """
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SELECT date_trunc('milliseconds', now())")
            (at,) = cursor.fetchone()
        return cast("datetime", at)
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def time_of_write(database: BaseDatabaseWrapper) -> datetime | Now:
    """Return a column value that becomes the store's time when the statement writes it. This saves
    a query for the time."""
    return Now() if database.vendor == "postgresql" else now(database)


def stored_time(database: BaseDatabaseWrapper, moment: datetime) -> datetime | str:
    """Return a time as the driver takes it."""
    return sqlite_time(moment) if database.vendor == "sqlite" else moment


def sqlite_time(moment: datetime) -> str:
    """Return a time as Django stores it on SQLite."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))
