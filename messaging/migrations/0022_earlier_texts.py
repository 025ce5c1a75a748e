"""The earlier texts of edited messages. Instances of the previous release leave them as they
are."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0021_attachments")]

    operations = [
        AddColumn(
            model_name="messagerecord",
            name="earlier_texts",
            field=models.TextField(null=True),
        ),
    ]
