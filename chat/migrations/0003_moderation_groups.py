from django.db import migrations

from chat.migrations._granting import grant

GRANTED = {
    'wordlistrecord': ('word list', ('moderator', 'operator')),
    'moderationhookrecord': ('moderation hook', ('operator',)),
}


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0002_groups'),
        ('messaging', '0025_moderation'),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: grant(apps, schema_editor, GRANTED),
            migrations.RunPython.noop,
        )
    ]
