"""What a person has set in a conversation for themselves alone."""

from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [("messaging", "0017_profiles")]

    operations = [
        AddColumn(
            model_name="readpositionrecord",
            name="marked_unread",
            field=models.PositiveBigIntegerField(null=True),
        ),
        AddColumn(
            model_name="readpositionrecord",
            name="marked_read_seq",
            field=models.PositiveBigIntegerField(null=True),
        ),
        AddColumn(
            model_name="readpositionrecord",
            name="pinned",
            field=models.BooleanField(db_default=False, default=False),
        ),
        AddColumn(
            model_name="readpositionrecord",
            name="archived_seq",
            field=models.PositiveBigIntegerField(null=True),
        ),
    ]
