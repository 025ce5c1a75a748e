"""Fields of messages and conversations. Instances of the previous release leave them as they
are."""

from django.db import migrations, models

from messaging.migrations._online import AddFieldOnce


class Migration(migrations.Migration):
    atomic = False  # a transaction would hold the locks of three tables together

    dependencies = [("messaging", "0015_mentions_all")]

    operations = [
        AddFieldOnce(
            model_name="messagerecord",
            name="kind",
            field=models.CharField(db_default="text", default="text", max_length=16),
        ),
        AddFieldOnce(
            model_name="messagerecord",
            name="metadata",
            field=models.TextField(null=True),
        ),
        AddFieldOnce(
            model_name="messagerecord",
            name="pinned_at",
            field=models.DateTimeField(null=True),
        ),
        AddFieldOnce(
            model_name="messagerecord",
            name="attachments",
            field=models.JSONField(null=True),
        ),
        AddFieldOnce(
            model_name="messagerecord",
            name="reactions",
            field=models.JSONField(null=True),
        ),
        AddFieldOnce(
            model_name="conversationrecord",
            name="metadata",
            field=models.TextField(null=True),
        ),
        AddFieldOnce(
            model_name="conversationrecord",
            name="picture",
            field=models.TextField(null=True),
        ),
        AddFieldOnce(
            model_name="conversationrecord",
            name="posting",
            field=models.CharField(db_default="all", default="all", max_length=16),
        ),
        AddFieldOnce(
            model_name="conversationrecord",
            name="history",
            field=models.CharField(db_default="full", default="full", max_length=16),
        ),
        AddFieldOnce(
            model_name="conversationrecord",
            name="system_messages",
            field=models.BooleanField(db_default=False, default=False),
        ),
        AddFieldOnce(
            model_name="conversationrecord",
            name="pinned_count",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        AddFieldOnce(
            model_name="conversationrecord",
            name="mentions_all_seq",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        AddFieldOnce(
            model_name="participantrecord",
            name="visible_from",
            field=models.PositiveBigIntegerField(db_default=1, default=1),
        ),
    ]
