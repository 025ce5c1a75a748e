"""Empty the database after a test that commits.

It takes the place of Django's command, which deletes from every table, creates the content types
and permissions again and so takes most of the time of a short test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction

_KEPT = {"django_content_type", "auth_permission"}
"""Tables that only a migration changes."""


class Command(flush.Command):
    """Delete every row, and leave the content types and permissions as migrations made them."""

    def handle(self, **options: Any) -> None:
        """Take the options of Django's command; `database` is the alias."""
        alias = options["database"]
        connection = connections[alias]
        tables = sorted(set(connection.introspection.django_table_names()) - _KEPT)
        names = [connection.ops.quote_name(table) for table in tables]
        filled = " UNION ALL ".join(
            f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {name})"
            for number, name in enumerate(names)
        )
        # Foreign keys are checked at the end of the transaction (DEFERRABLE INITIALLY DEFERRED).
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            cursor.execute(filled)
            for (number,) in cursor.fetchall():
                with without_guards(connection, tables[number]):
                    cursor.execute(f"DELETE FROM {names[number]}")


@contextmanager
def without_guards(connection: Any, table: str) -> Iterator[None]:
    """Take away the triggers that keep the audit trail, for as long as it is emptied."""
    if table != "messaging_audit_entry":
        yield
        return
    migration: Any = import_module("messaging.migrations.0030_audit_trail")
    editor = connection.schema_editor()
    migration.remove_guards(None, editor)
    yield
    migration.add_guards(None, editor)
