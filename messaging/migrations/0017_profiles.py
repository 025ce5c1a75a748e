"""The name and the picture of a person. Instances of the previous release leave them as they are."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0016_fields_of_messages_and_conversations")]

    operations = [
        AddColumn(
            model_name="personrecord", name="name", field=models.TextField(null=True)
        ),
        AddColumn(
            model_name="personrecord", name="picture", field=models.TextField(null=True)
        ),
    ]
