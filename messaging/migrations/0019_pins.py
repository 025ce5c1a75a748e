"""The index of pinned messages."""

from django.db import migrations, models

from messaging.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False  # an index that is built while others write cannot be in a transaction

    dependencies = [("messaging", "0018_own_flags")]

    operations = [
        AddIndexOnline(
            model_name="messagerecord",
            index=models.Index(
                condition=models.Q(("pinned_at__isnull", False)),
                fields=["conversation", "pinned_at"],
                name="messaging_message_pinned",
            ),
        ),
    ]
