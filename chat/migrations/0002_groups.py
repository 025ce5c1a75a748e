from django.db import migrations

VIEW = {
    'conversation': ['view_conversation'],
    'person': ['view_person'],
    'notification': ['view_notification'],
}

SUPPORT = {
    **VIEW,
    'person': [*VIEW['person'], 'log_out_person'],
    'process': ['view_process'],
}

MODERATOR = {
    **VIEW,
    'conversation': [*VIEW['conversation'], 'freeze_conversation'],
    'message': ['view_message', 'redact_message'],
    'person': [*VIEW['person'], 'ban_person', 'log_out_person'],
    'report': ['view_report', 'handle_report'],
}

OPERATOR = {
    **MODERATOR,
    'conversation': [
        *MODERATOR['conversation'], 'manage_people_of_conversation', 'delete_conversation',
    ],
    'deadletter': ['view_deadletter', 'replay_deadletter'],
    'process': ['view_process'],
}

GROUPS = {'support': SUPPORT, 'moderator': MODERATOR, 'operator': OPERATOR}


def make_groups(apps, schema_editor):
    """Django makes permissions after all migrations; those that are given here are made now."""
    using = schema_editor.connection.alias
    groups = apps.get_model('auth', 'Group').objects.using(using)
    permissions = apps.get_model('auth', 'Permission').objects.using(using)
    content_types = apps.get_model('contenttypes', 'ContentType').objects.using(using)
    names = {
        f'{action}_{model._meta.model_name}': f'Can {action} {model._meta.verbose_name}'
        for model in apps.get_app_config('chat').get_models()
        for action in model._meta.default_permissions
    }
    for model in apps.get_app_config('chat').get_models():
        names.update(model._meta.permissions)
    for group_name, granted in GROUPS.items():
        group, _ = groups.get_or_create(name=group_name)
        for model_name, codenames in granted.items():
            content_type, _ = content_types.get_or_create(app_label='chat', model=model_name)
            for codename in codenames:
                permission, _ = permissions.get_or_create(
                    content_type=content_type,
                    codename=codename,
                    defaults={'name': names[codename]},
                )
                group.permissions.add(permission)


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0001_initial'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
