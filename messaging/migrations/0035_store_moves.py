from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0034_loads"),
    ]

    operations = [
        migrations.CreateModel(
            name="StoreMoveRecord",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("phase", models.CharField(default="idle", max_length=16)),
                ("step", models.PositiveBigIntegerField(default=0)),
                ("source", models.CharField(default="", max_length=16)),
                ("target", models.CharField(default="", max_length=16)),
                ("in_force", models.CharField(default="", max_length=16)),
                ("owner", models.CharField(default="", max_length=64)),
                ("owned_until", models.DateTimeField(null=True)),
                ("frozen_until", models.DateTimeField(null=True)),
                ("passed_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "move of the store",
                "db_table": "messaging_store_move",
            },
        ),
        migrations.CreateModel(
            name="StoreProcessRecord",
            fields=[
                ("boot_id", models.CharField(max_length=26, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=128)),
                ("role", models.CharField(max_length=16)),
                ("setting", models.CharField(max_length=16)),
                ("kind", models.CharField(max_length=16)),
                ("step", models.PositiveBigIntegerField(default=0)),
                ("seen_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("unwatched_until", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "process that uses the store",
                "db_table": "messaging_store_process",
            },
        ),
        migrations.CreateModel(
            name="TouchedRecord",
            fields=[
                ("key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("stamp", models.BigIntegerField(db_index=True)),
            ],
            options={
                "verbose_name": "change during a move of the store",
                "db_table": "messaging_store_touched",
            },
        ),
    ]
