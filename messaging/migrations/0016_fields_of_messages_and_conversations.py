"""Fields of messages and conversations. Instances of the previous release leave them as they
are."""

from django.db import migrations, models

from messaging.migrations._online import AddFieldUnchecked


class Migration(migrations.Migration):
    dependencies = [("messaging", "0015_mentions_all")]

    operations = [
        migrations.AddField(
            model_name="messagerecord",
            name="kind",
            field=models.CharField(db_default="text", default="text", max_length=16),
        ),
        migrations.AddField(
            model_name="messagerecord",
            name="metadata",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="messagerecord",
            name="pinned_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="messagerecord",
            name="attachments",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="messagerecord",
            name="reactions",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="conversationrecord",
            name="metadata",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="conversationrecord",
            name="picture",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="conversationrecord",
            name="posting",
            field=models.CharField(db_default="all", default="all", max_length=16),
        ),
        migrations.AddField(
            model_name="conversationrecord",
            name="history",
            field=models.CharField(db_default="full", default="full", max_length=16),
        ),
        migrations.AddField(
            model_name="conversationrecord",
            name="system_messages",
            field=models.BooleanField(db_default=False, default=False),
        ),
        AddFieldUnchecked(
            model_name="conversationrecord",
            name="pinned_count",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        AddFieldUnchecked(
            model_name="conversationrecord",
            name="mentions_all_seq",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        AddFieldUnchecked(
            model_name="participantrecord",
            name="visible_from",
            field=models.PositiveBigIntegerField(db_default=1, default=1),
        ),
    ]
