"""The clock by which the SQL store dates what it writes and what it reads."""

from datetime import UTC, datetime
from typing import cast

from django.db.backends.base.base import BaseDatabaseWrapper


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
