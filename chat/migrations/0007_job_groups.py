from django.db import migrations

from chat.migrations._granting import grant

GRANTED = {
    'jobrecord': ('job', ('operator',)),
    'legalholdrecord': ('legal hold', ('operator',)),
}


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0006_audit_groups'),
        ('messaging', '0031_jobs'),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: grant(apps, schema_editor, GRANTED),
            migrations.RunPython.noop,
        )
    ]
