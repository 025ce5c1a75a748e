"""What an error of the database means: whether the database is gone, refuses writes, or took too
long. `damage.damage_errors` knows the errors of damaged rows."""

from django.db import DatabaseError, InterfaceError, OperationalError

from messaging.stores.conversations import CommitUnknown
from messaging.stores.sql.damage.damage_errors import is_damage, sqlstate_of

_LOST = (OperationalError, InterfaceError)
"""Errors of a database that is unreachable, locked, too slow, or gone in the middle."""

_QUERY_CANCELED = "57014"
_IDLE_IN_TRANSACTION = "25P03"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_NO_WRITES = (
    "database or disk is full",
    "attempt to write a readonly database",
    "disk I/O error",
    "unable to open database file",  # SQLite creates its journal with the first write
    "No space left on device",
    "could not extend file",
    "in a read-only transaction",
)
"""Fragments of the error of a database that answers reads but refuses writes."""


def lost(error: BaseException) -> bool:
    """Return whether the connection and its transaction are lost. One of the errors that psycopg
    calls internal means this too: the server ends a session that was idle in a transaction for too
    long, because this process was stopped or starved."""
    if isinstance(error, _LOST):
        return not is_damage(error)
    return sqlstate_of(error) == _IDLE_IN_TRANSACTION


def not_writable(error: BaseException) -> bool:
    """Return whether a database refuses writes: a full disk, or a read-only file or server. Nothing
    was written."""
    cause = error.__cause__ if isinstance(error, CommitUnknown) else error
    return isinstance(cause, DatabaseError) and any(words in str(cause) for words in _NO_WRITES)


def took_too_long(error: Exception) -> bool:
    """Return whether the server gave up a statement because of its time limit."""
    return sqlstate_of(error) == _QUERY_CANCELED
