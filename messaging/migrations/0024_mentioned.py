"""Who was mentioned last, and by whom the latest messages are."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0023_reactions")]

    operations = [
        AddColumn(
            model_name="conversationrecord",
            name="mentioned_seq",
            field=models.JSONField(db_default={}, default=dict),
        ),
        AddColumn(
            model_name="conversationrecord",
            name="last_sender_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=128),
        ),
        AddColumn(
            model_name="conversationrecord",
            name="other_seq",
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
    ]
