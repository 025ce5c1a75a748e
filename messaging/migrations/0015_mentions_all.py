"""Whether a message mentions everyone. Instances of the previous release leave it as it is."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0014_created_version")]

    operations = [
        AddColumn(
            model_name="messagerecord",
            name="mentions_all",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
