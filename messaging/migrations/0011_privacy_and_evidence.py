from django.db import migrations, models

from messaging.migrations._online import AddColumn


class Migration(migrations.Migration):
    dependencies = [
        ('messaging', '0010_epoch'),
    ]

    operations = [
        AddColumn(
            model_name='personrecord',
            name='private_reading',
            field=models.BooleanField(db_default=False, default=False),
        ),
        AddColumn(
            model_name='personrecord',
            name='added_by',
            field=models.CharField(db_default='anyone', default='anyone', max_length=16),
        ),
        AddColumn(
            model_name='personrecord',
            name='left_groups',
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.CreateModel(
            name='ReportCopyRecord',
            fields=[
                ('report_id', models.CharField(max_length=26, primary_key=True, serialize=False)),
                ('message_id', models.CharField(db_index=True, max_length=26)),
                ('text', models.TextField()),
                ('expires_at', models.DateTimeField(db_index=True, null=True)),
            ],
            options={
                'verbose_name': 'copy of a reported message',
                'db_table': 'messaging_report_copy',
            },
        ),
    ]
