from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0035_store_moves"),
    ]

    operations = [
        AddColumn(
            model_name="storemoverecord",
            name="moved_to",
            field=models.CharField(db_default="", default="", max_length=16),
        ),
    ]
