"""An index that is built while others write."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations.operations import AddIndex


class AddIndexOnline(AddIndexConcurrently):
    """`AddIndexConcurrently` on PostgreSQL, a plain index elsewhere. The migration that has it must
    say `atomic = False`."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        kind: type[AddIndex] = (
            AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
        )
        kind.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        kind: type[AddIndex] = (
            AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
        )
        kind.database_backwards(self, app_label, schema_editor, from_state, to_state)
