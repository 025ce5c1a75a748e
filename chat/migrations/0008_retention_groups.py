from django.db import migrations

from chat.migrations._granting import grant

GRANTED = {
    'retentionrulerecord': ('retention of a conversation', ('operator',)),
}


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0007_job_groups'),
        ('messaging', '0033_retention'),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: grant(apps, schema_editor, GRANTED),
            migrations.RunPython.noop,
        )
    ]
