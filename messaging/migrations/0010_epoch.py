from django.db import migrations, models

from messaging.migrations._online import AddFieldOnce, AddIndexOnline, CreateModelOnce


class Migration(migrations.Migration):
    atomic = False  # an index that is built while others write cannot be in a transaction

    dependencies = [
        ('messaging', '0009_lists_of_operators'),
    ]

    operations = [
        CreateModelOnce(
            name='EpochRecord',
            fields=[
                ('id', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('epoch', models.CharField(max_length=26)),
                ('number', models.PositiveBigIntegerField()),
            ],
            options={
                'verbose_name': 'epoch',
                'db_table': 'messaging_epoch',
            },
        ),
        AddFieldOnce(
            model_name='readpositionrecord',
            name='updated_at',
            field=models.DateTimeField(null=True),
        ),
        AddIndexOnline(
            model_name='readpositionrecord',
            index=models.Index(
                fields=['user_id', 'updated_at'], name='messaging_read_position_mine'
            ),
        ),
    ]
