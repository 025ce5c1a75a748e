"""Models and migrations."""

import pytest
from django.core.management import call_command
from django.db import migrations
from django.db.migrations.loader import MigrationLoader

from messaging.migrations._online import AddFieldOnce, AddIndexOnline, CreateModelOnce

_BEFORE_THE_FIRST_RELEASE = {"0003_changes_and_link_notes"}
_OF_THE_PREVIOUS_RELEASE = {("messaging", "0009_lists_of_operators"), ("chat", "0002_groups")}
"""Its latest migrations."""


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


_ADD_BY_CODE = {
    "messaging.0027_followers",
    "chat.0003_moderation_groups",
    "chat.0005_webhook_groups",
    "messaging.0030_audit_trail",
    "chat.0006_audit_groups",
    "chat.0007_job_groups",
    "chat.0008_retention_groups",
}
"""The migrations whose code only adds: to tables that they create, or rights to a group."""


def _new_migrations() -> list[migrations.Migration]:
    graph = MigrationLoader(None).graph
    known = {one for latest in _OF_THE_PREVIOUS_RELEASE for one in graph.forwards_plan(latest)}
    return [
        graph.nodes[key]
        for app in ("messaging", "chat")
        for leaf in graph.leaf_nodes(app)
        for key in graph.forwards_plan(leaf)
        if key[0] in ("messaging", "chat") and key not in known
    ]


def test_the_previous_release_works_on_the_new_schema() -> None:
    """A release only adds: tables, indexes, and columns that a row may be written without."""
    for migration in _new_migrations():
        for one in migration.operations:
            where = f"{migration.name}: {one.describe()}"
            if f"{migration.app_label}.{migration.name}" in _ADD_BY_CODE:
                assert isinstance(one, migrations.CreateModel | migrations.RunPython), where
                continue
            assert isinstance(
                one, migrations.CreateModel | migrations.AddField | migrations.AddIndex
            ), where
            if isinstance(one, migrations.AddField):
                assert one.field.null or one.field.has_db_default(), where


def test_a_migration_outside_a_transaction_can_be_repeated() -> None:
    """It may end half-way, for a lock that it did not get in time."""
    for migration in _new_migrations():
        repeatable = AddFieldOnce | AddIndexOnline | CreateModelOnce
        if not migration.atomic and len(migration.operations) > 1:
            for one in migration.operations:
                assert isinstance(one, repeatable), f"{migration.name}: {one.describe()}"
