"""Which messages are unread for nobody. Instances of the previous release leave it as it is."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0012_participant_count")]

    operations = [
        AddColumn(
            model_name="conversationrecord",
            name="uncounted",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
