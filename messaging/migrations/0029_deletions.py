"""Deletions of conversations that are not finished."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0028_webhooks")]

    operations = [
        migrations.CreateModel(
            name="DeletionRecord",
            fields=[
                (
                    "conversation_id",
                    models.CharField(max_length=26, primary_key=True, serialize=False),
                ),
                ("due_at", models.DateTimeField(db_index=True)),
            ],
            options={"verbose_name": "unfinished deletion", "db_table": "messaging_deletion"},
        ),
    ]
