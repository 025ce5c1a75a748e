from django.db import migrations

from chat.migrations._granting import grant

GRANTED = {
    'auditentryrecord': ('audit entry', ('operator',)),
}


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0005_webhook_groups'),
        ('messaging', '0030_audit_trail'),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: grant(apps, schema_editor, GRANTED),
            migrations.RunPython.noop,
        )
    ]
