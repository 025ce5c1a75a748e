"""Service accounts, their tokens and their history. Instances of the previous release do not know
them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0025_moderation")]

    operations = [
        migrations.CreateModel(
            name="ServiceAccountRecord",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("scopes", models.JSONField(default=list)),
                ("requests_per_second", models.PositiveIntegerField()),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, max_length=150)),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "service account",
                "db_table": "messaging_service_account",
            },
        ),
        migrations.CreateModel(
            name="ServiceActionRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("token_id", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("method", models.CharField(max_length=8)),
                ("path", models.TextField()),
                ("status", models.PositiveSmallIntegerField()),
                ("request_id", models.CharField(max_length=64)),
                ("person_id", models.CharField(blank=True, max_length=128)),
            ],
            options={
                "verbose_name": "action of a service account",
                "db_table": "messaging_service_action",
                "indexes": [models.Index(fields=["name", "id"], name="messaging_service_history")],
            },
        ),
        migrations.CreateModel(
            name="ServiceTokenRecord",
            fields=[
                ("id", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, max_length=150)),
                ("expires_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("last_used_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="messaging.serviceaccountrecord",
                    ),
                ),
            ],
            options={
                "verbose_name": "token of a service account",
                "db_table": "messaging_service_token",
            },
        ),
    ]
