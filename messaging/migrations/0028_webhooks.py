"""Webhooks: the endpoints, and the log of their deliveries."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0027_followers"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpointRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=500, verbose_name="URL")),
                ("description", models.CharField(blank=True, max_length=200)),
                ("events", models.JSONField(blank=True, default=list)),
                ("enabled", models.BooleanField(default=True)),
                ("switched_off_for", models.CharField(blank=True, editable=False, max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                ("failing_since", models.DateTimeField(editable=False, null=True)),
                ("secret", models.CharField(editable=False, max_length=100)),
                ("previous_secret", models.CharField(blank=True, editable=False, max_length=100)),
                ("previous_until", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "webhook endpoint",
                "db_table": "messaging_webhook_endpoint",
            },
        ),
        migrations.CreateModel(
            name="WebhookDeliveryRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("webhook_id", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=32)),
                (
                    "conversation_id",
                    models.CharField(blank=True, max_length=26, verbose_name="conversation"),
                ),
                ("version", models.PositiveBigIntegerField(default=0)),
                ("about", models.CharField(blank=True, max_length=26)),
                ("detail", models.JSONField(default=dict)),
                ("at", models.DateTimeField(verbose_name="time of the event")),
                ("state", models.CharField(max_length=16)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("failure", models.CharField(blank=True, max_length=32)),
                ("attempted_at", models.DateTimeField(null=True)),
                ("first_failed_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(null=True)),
                ("owner", models.CharField(blank=True, max_length=64)),
                ("leased_until", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="messaging.webhookendpointrecord",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook delivery",
                "verbose_name_plural": "webhook deliveries",
                "db_table": "messaging_webhook_delivery",
                "indexes": [
                    models.Index(fields=["endpoint", "state", "id"], name="messaging_webhook_log"),
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["next_at"],
                        name="messaging_webhook_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("endpoint", "webhook_id"), name="messaging_webhook_once"
                    )
                ],
            },
        ),
    ]
