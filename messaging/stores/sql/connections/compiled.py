"""Queries that are compiled once. Django compiles a query anew for each call, and for what an
instance at rest asks every few seconds, that takes longer than all the rest of the call."""

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet


class Compiled:
    """A query that is always the same: its times are those of the database."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        """Create a query. `build` returns it, with `values_list`."""
        self._build = build
        self._statements: dict[str, tuple[str, tuple[Any, ...]]] = {}
        """By the kind of the database."""

    def rows(self, database: BaseDatabaseWrapper) -> list[tuple[Any, ...]]:
        """Return the rows as the driver returns them; on SQLite, times are texts."""
        statement = self._statements.get(database.vendor)
        if statement is None:
            statement = self._build().query.get_compiler(connection=database).as_sql()
            self._statements[database.vendor] = statement
        with database.cursor() as cursor:
            cursor.execute(*statement)
            return list(cursor.fetchall())
