"""The clock by which the SQL store dates what it writes and what it reads."""

from datetime import UTC, datetime
from typing import cast

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now


def now(database: BaseDatabaseWrapper) -> datetime:
    """The time of this transaction, in whole milliseconds as clients see it.

    The clock of a database server is the one that all instances share.
    """
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SELECT date_trunc('milliseconds', now())")
            (at,) = cursor.fetchone()
        return cast("datetime", at)
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def time_of_write(database: BaseDatabaseWrapper) -> datetime | Now:
    """Return a value for a column that becomes the store's time with the statement that writes it,
    which saves asking a server for its time."""
    return Now() if database.vendor == "postgresql" else now(database)
