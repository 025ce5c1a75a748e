"""What the two databases do differently: how words are stored and matched."""

from collections.abc import Sequence
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from messaging.search.query import Query

Row = tuple[int, str, int, str, Sequence[str]]
"""A message: position, conversation id, seq, message id, words."""


Parameters = dict[str, int | str | None]


class Dialect(Protocol):
    search: str
    """The statement for the hits that a person may see, the newest first. Its parameters are
    `user_id`, `match`, `first` and `last` (positions), and `limit`."""

    def insert(self, cursor: CursorWrapper, rows: Sequence[Row]) -> None:
        """Insert messages, whose positions are free."""

    def match(self, query: Query, scopes: Sequence[Sequence[str]]) -> str:
        """Return the expression that finds all terms, and one of each list of scopes."""


def dialect_of(database: BaseDatabaseWrapper) -> Dialect:
    if database.vendor == "sqlite":
        from messaging.search.sql.sqlite import SqliteDialect  # noqa: PLC0415

        return SqliteDialect()
    from messaging.search.sql.postgresql import PostgresqlDialect  # noqa: PLC0415

    return PostgresqlDialect()
