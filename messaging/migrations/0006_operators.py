from datetime import UTC, datetime

from django.db import migrations, models


def keep_bans(apps, schema_editor):
    people = apps.get_model('messaging', 'PersonRecord').objects.using(schema_editor.connection.alias)
    people.filter(banned=True).update(banned_until=datetime(9999, 1, 1, tzinfo=UTC))


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0005_access'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversationrecord',
            name='frozen',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='decisionrecord',
            name='conversation_id',
            field=models.CharField(default='', max_length=26),
        ),
        migrations.AddField(
            model_name='decisionrecord',
            name='failed_at',
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name='personrecord',
            name='banned_until',
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.RunPython(keep_bans, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='personrecord',
            name='banned',
        ),
    ]
