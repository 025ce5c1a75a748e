"""The version at which a message was sent. Instances of the previous release leave it as it is."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0013_uncounted")]

    operations = [
        AddColumn(
            model_name="messagerecord",
            name="created_version",
            field=models.PositiveBigIntegerField(null=True),
        ),
    ]
