"""Operations of migrations that run outside a transaction, while others write.

Each looks first whether it was carried out before, so that a migration that ended half-way, for a
lock it did not get in time, can be run again.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddField, AddIndex, CreateModel

_VALID = """SELECT indisvalid FROM pg_index
    WHERE indexrelid = to_regclass(%s)"""


class AddIndexOnline(AddIndexConcurrently):
    """`AddIndexConcurrently` on PostgreSQL, a plain index elsewhere. The migration that has it must
    say `atomic = False`."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(_VALID, [self.index.name])
            found = cursor.fetchone()
        if found is None or not found[0]:
            if found is not None:  # building it has failed
                self.database_backwards(app_label, schema_editor, to_state, from_state)
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        kind: type[AddIndex] = (
            AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
        )
        kind.database_backwards(self, app_label, schema_editor, from_state, to_state)


class CreateModelOnce(CreateModel):
    """`CreateModel`, unless the table is there."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        if table not in schema_editor.connection.introspection.table_names():
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddColumn(AddField):
    """`AddField` that reads and writes no row of the table.

    - It adds no check, which `PositiveIntegerField` and, on SQLite, `JSONField` bring: the database
      would read each row before anybody may write again. The code stores no negative number and no
      invalid JSON.
    - On SQLite, Django copies the whole table to add a column that may not be null. SQLite itself
      adds a column with a constant default at once.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        field.db_check = lambda connection: None
        try:
            if connection.vendor != "sqlite":
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            elif self.allow_migrate_model(connection.alias, model):
                earlier = from_state.apps.get_model(app_label, self.model_name)
                BaseDatabaseSchemaEditor.add_field(schema_editor, earlier, field)
        finally:
            vars(field).pop("db_check", None)


class AddFieldOnce(AddColumn):
    """`AddColumn`, unless the column is there."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
        if model._meta.get_field(self.name).column not in {column.name for column in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
