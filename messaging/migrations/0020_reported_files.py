"""The files of a reported message. Instances of the previous release copy only the text."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0019_pins")]

    operations = [
        AddColumn(
            model_name="reportcopyrecord",
            name="attachments",
            field=models.JSONField(null=True),
        ),
    ]
