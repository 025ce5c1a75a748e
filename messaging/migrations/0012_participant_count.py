"""The number of a conversation's people, beside it. Instances of the previous release leave it
alone; it holds where `counted_commit_id` is the latest commit."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0011_privacy_and_evidence")]

    operations = [
        AddColumn(
            model_name="conversationrecord",
            name="participant_count",
            field=models.PositiveIntegerField(null=True),
        ),
        AddColumn(
            model_name="conversationrecord",
            name="counted_commit_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=26),
        ),
    ]
