"""Loads of files that are not finished."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0033_retention")]

    operations = [
        migrations.CreateModel(
            name="LoadRecord",
            fields=[
                ("id", models.CharField(max_length=26, primary_key=True, serialize=False)),
                ("load_id", models.CharField(max_length=512)),
                ("file", models.CharField(max_length=255)),
                ("command", models.CharField(max_length=64)),
                ("begun_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("conversations", models.PositiveBigIntegerField(default=0)),
            ],
            options={"verbose_name": "unfinished load", "db_table": "messaging_load"},
        ),
    ]
