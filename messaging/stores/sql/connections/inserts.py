"""Inserts many rows of one table. The ORM makes an object for each row and converts each value, and
a group may have a thousand people."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.stores.sql.connections.cursors import native_cursor


def insert_rows(
    database: BaseDatabaseWrapper,
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    key: Sequence[str] = (),
) -> None:
    """Insert rows with these fields, whose values are as the driver takes them. A row that exists
    by its `key`, which is a part of the fields, is updated. Raises IntegrityError."""
    values = list(rows)
    if not values:
        return
    fields = {field.attname: field for field in model._meta.concrete_fields}
    columns = {name: f'"{fields[name].column}"' for name in names}
    marks = ", ".join(["?" if database.vendor == "sqlite" else "%s"] * len(names))
    listed = ", ".join(columns.values())
    statement = f'INSERT INTO "{model._meta.db_table}" ({listed}) VALUES ({marks})'  # noqa: S608
    if key:
        found = ", ".join(columns[name] for name in key)
        others = [columns[name] for name in names if name not in key]
        changed = ", ".join(f"{column} = excluded.{column}" for column in others)
        statement += f" ON CONFLICT ({found}) DO UPDATE SET {changed}"
    with native_cursor(database) as cursor:
        cursor.executemany(statement, values)
