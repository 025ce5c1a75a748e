"""Reactions to messages. Instances of the previous release do not know them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0022_earlier_texts")]

    operations = [
        migrations.CreateModel(
            name="ReactionRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_id", models.CharField(max_length=128)),
                ("emoji", models.CharField(max_length=32)),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "message",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="messaging.messagerecord",
                    ),
                ),
            ],
            options={
                "verbose_name": "reaction",
                "db_table": "messaging_reaction",
                "indexes": [
                    models.Index(fields=["user_id", "message"], name="messaging_reaction_mine")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "emoji", "user_id"), name="messaging_reaction_once"
                    )
                ],
            },
        ),
    ]
