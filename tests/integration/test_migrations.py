"""Models and migrations."""

import pytest
from django.core.management import call_command
from django.db import migrations
from django.db.migrations.loader import MigrationLoader

from messaging.migrations._online import AddIndexOnline

_BEFORE_THE_FIRST_RELEASE = {"0003_changes_and_link_notes"}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_no_index_stops_those_who_write() -> None:
    """One on a table that is there already is built while others write, which PostgreSQL does
    outside a transaction only."""
    migrations_of_ours = [
        migration
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in ("messaging", "chat") and name not in _BEFORE_THE_FIRST_RELEASE
    ]
    for migration in migrations_of_ours:
        new = {
            one.name.lower()
            for one in migration.operations
            if isinstance(one, migrations.CreateModel)
        }
        indexes = [one for one in migration.operations if isinstance(one, migrations.AddIndex)]
        for index in indexes:
            online = isinstance(index, AddIndexOnline) and not migration.atomic
            assert online or index.model_name.lower() in new, (
                f"{migration.name}: {index.index.name}"
            )
