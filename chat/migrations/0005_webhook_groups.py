from django.db import migrations

from chat.migrations._granting import grant

GRANTED = {
    'webhookendpointrecord': ('webhook endpoint', ('operator',)),
    'webhookdeliveryrecord': ('webhook delivery', ('operator',)),
}


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0004_service_accounts'),
        ('messaging', '0028_webhooks'),
    ]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: grant(apps, schema_editor, GRANTED),
            migrations.RunPython.noop,
        )
    ]
