"""The errors of the drivers for damaged rows: a manual change or a broken disk has damaged them.

SQLite's driver reports a text that is neither UTF-8 nor JSON as it reports a database that is gone,
and the messages of the drivers quote the text. PostgreSQL stores neither of the two, but JSON may
have a text, or a number that is too large, in place of a number.
"""

from typing import TypeVar

from django.db import DatabaseError, DataError, OperationalError

E = TypeVar("E", bound=BaseException)

_OF_SQLITE = ("Could not decode to UTF-8", "malformed JSON")
_PRIMARY = 0xFF
_CORRUPT = 11
"""https://www.sqlite.org/rescode.html"""
_INVALID_TEXT = "22P02"
_OUT_OF_RANGE = "22003"
_DAMAGED = {"XX001", "XX002"}
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""


class UnreadableText(DatabaseError, ValueError):
    """A stored text is not what its column promises."""


class DamagedPage(DatabaseError, ValueError):
    """The database cannot read a page of its files. The argument is the message of the driver,
    which quotes no text."""


def is_damage(error: BaseException) -> bool:
    """Return whether this is the driver's error for something that is damaged. The database
    answers, and can read the rest."""
    return _is_unreadable_text(error) or _is_damaged_page(error)


def damage_or(error: E) -> E | UnreadableText | DamagedPage:
    """Return the error, or in place of the driver's error for something that is damaged one that
    quotes no text: log lines may show it."""
    if _is_unreadable_text(error):
        return UnreadableText("A stored text is not UTF-8, not JSON, or not a number.")
    return DamagedPage(str(error).strip()) if _is_damaged_page(error) else error


def _is_unreadable_text(error: BaseException) -> bool:
    if isinstance(error, OperationalError):
        return str(error).startswith(_OF_SQLITE)
    return isinstance(error, DataError) and sqlstate_of(error) in {_INVALID_TEXT, _OUT_OF_RANGE}


def _is_damaged_page(error: BaseException) -> bool:
    if not isinstance(error, DatabaseError):
        return False
    code = getattr(error.__cause__, "sqlite_errorcode", 0)
    return code & _PRIMARY == _CORRUPT or sqlstate_of(error) in _DAMAGED


def sqlstate_of(error: BaseException) -> str | None:
    """Return PostgreSQL's code of an error."""
    return getattr(error.__cause__, "sqlstate", None)
