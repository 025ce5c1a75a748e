"""The checkpoints of followers, and the search index. All tables are new and empty."""

from typing import Any

from django.db import migrations, models

_SQLITE = (
    # Words come without case and accents from `messaging.search.words`. The tokenizer only splits
    # them at spaces: it takes every character beyond ASCII as part of a word. An underscore begins
    # the words of `messaging.search.scopes`, which no text contains.
    """CREATE VIRTUAL TABLE messaging_search_words USING fts5(
        words, content='messaging_search_message', content_rowid='position', columnsize=0,
        detail=none, tokenize="ascii tokenchars '_'"
    )""",
    """CREATE TRIGGER messaging_search_added AFTER INSERT ON messaging_search_message BEGIN
        INSERT INTO messaging_search_words(rowid, words) VALUES (new.position, new.words);
    END""",
    """CREATE TRIGGER messaging_search_removed AFTER DELETE ON messaging_search_message BEGIN
        INSERT INTO messaging_search_words(messaging_search_words, rowid, words)
        VALUES ('delete', old.position, old.words);
    END""",
)
_POSTGRESQL = (
    "ALTER TABLE messaging_search_message ADD COLUMN vector tsvector NOT NULL DEFAULT ''",
    "CREATE INDEX messaging_search_message_vector ON messaging_search_message USING gin (vector)",
)
_REMOVED = {
    "sqlite": (
        "DROP TRIGGER messaging_search_added",
        "DROP TRIGGER messaging_search_removed",
        "DROP TABLE messaging_search_words",
    ),
    "postgresql": ("ALTER TABLE messaging_search_message DROP COLUMN vector",),
}


def add_words(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[vendor]:
        schema_editor.execute(statement)


def remove_words(apps: Any, schema_editor: Any) -> None:
    for statement in _REMOVED[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0026_service_accounts")]

    operations = [
        migrations.CreateModel(
            name="FollowerRecord",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("generation", models.PositiveBigIntegerField(default=1)),
                ("epoch", models.CharField(blank=True, default="", max_length=26)),
                ("walk_after", models.CharField(max_length=26, null=True)),
                ("walk_began_at", models.DateTimeField(null=True)),
                ("owner", models.CharField(blank=True, default="", max_length=64)),
                ("leased_until", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "follower",
                "db_table": "messaging_follower",
            },
        ),
        migrations.CreateModel(
            name="SweepOfFollowersRecord",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("swept_until", models.DateTimeField(null=True)),
                ("owner", models.CharField(blank=True, default="", max_length=64)),
                ("leased_until", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "sweep of followers",
                "db_table": "messaging_follower_sweep",
            },
        ),
        migrations.CreateModel(
            name="CheckpointRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("follower", models.CharField(max_length=64)),
                ("conversation_id", models.CharField(max_length=26)),
                ("generation", models.PositiveBigIntegerField()),
                ("version", models.BigIntegerField()),
                ("known_version", models.BigIntegerField(default=-1)),
                ("due_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("owner", models.CharField(blank=True, default="", max_length=64)),
                ("leased_until", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "checkpoint",
                "db_table": "messaging_checkpoint",
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["follower", "due_at"],
                        name="messaging_checkpoint_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("conversation_id", "follower"), name="messaging_checkpoint_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchMembershipRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_id", models.CharField(max_length=128)),
                ("conversation_id", models.CharField(max_length=26)),
                ("visible_from", models.PositiveBigIntegerField()),
            ],
            options={
                "verbose_name": "membership in the search index",
                "db_table": "messaging_search_membership",
                "indexes": [
                    models.Index(fields=["conversation_id"], name="messaging_search_membership_of")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user_id", "conversation_id"),
                        name="messaging_search_membership_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchMessageRecord",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("conversation_id", models.CharField(max_length=26)),
                ("seq", models.PositiveBigIntegerField()),
                ("message_id", models.CharField(max_length=26)),
                ("words", models.TextField(blank=True, db_default="", default="")),
            ],
            options={
                "verbose_name": "message in the search index",
                "db_table": "messaging_search_message",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("conversation_id", "seq"), name="messaging_search_message_seq"
                    )
                ],
            },
        ),
        migrations.RunPython(add_words, remove_words),
    ]
