"""What the two databases do differently: how words are stored, and how messages are found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from messaging.search.query import Query

Row = tuple[int, str, int, str, str]
"""A message: position, conversation id, seq, message id, and its words in one text, separated by
spaces. A list of the words of a long text takes twenty times as much memory."""
_MAX_CHARACTERS = 128 * 1024
"""Of one statement: more than the usual transaction has."""
Place = tuple[int, str, int, str]
"""A hit: position, conversation id, seq, message id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A search, as the databases get it."""

    user_id: str
    query: Query
    scopes: Sequence[Sequence[str]] = ()
    """Lists of scopes. A message must have one of each list."""
    first: int
    last: int
    """The range of positions."""
    limit: int

    @property
    def parameters(self) -> dict[str, int | str]:
        return {
            "user_id": self.user_id,
            "first": self.first,
            "last": self.last,
            "limit": self.limit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The newest hits, newest first."""

    places: Sequence[Place]
    below: int | None
    """Where the next search goes on: below this position. None if there are no further hits."""


def portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield rows, in order, as many as one statement should write: the driver copies all that a
    statement takes."""
    portion: list[Row] = []
    characters = 0
    for row in rows:
        if portion and characters + len(row[4]) > _MAX_CHARACTERS:
            yield portion
            portion, characters = [], 0
        portion.append(row)
        characters += len(row[4])
    if portion:
        yield portion


class Dialect(Protocol):
    def insert(self, database: BaseDatabaseWrapper, rows: Sequence[Row]) -> int:
        """Insert those of the messages whose positions are free, and return their number."""

    def remove(self, database: BaseDatabaseWrapper, places: Sequence[tuple[str, int]]) -> None:
        """Remove messages by their conversation and `seq`."""

    def find(self, cursor: CursorWrapper, wanted: Wanted) -> Found:
        """Return what a person may see. The rows that are read are bounded: fewer hits than wanted
        may come, although there are more."""


def page(places: Sequence[Place], wanted: Wanted) -> Found:
    """Return the hits of a search that looked at everything."""
    full = len(places) == wanted.limit
    return Found(places=places, below=places[-1][0] if full else None)


def dialect_of(database: BaseDatabaseWrapper) -> Dialect:
    if database.vendor == "sqlite":
        from messaging.search.sql.sqlite import SqliteDialect  # noqa: PLC0415

        return SqliteDialect()
    from messaging.search.sql.postgresql import PostgresqlDialect  # noqa: PLC0415

    return PostgresqlDialect()
