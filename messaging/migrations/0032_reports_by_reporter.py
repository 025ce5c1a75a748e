from django.db import migrations, models

from messaging.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('messaging', '0031_jobs'),
    ]

    operations = [
        AddIndexOnline(
            model_name='reportrecord',
            index=models.Index(fields=['reporter_id', 'id'], name='messaging_report_reporter'),
        ),
    ]
