"""Gives the groups of operators permissions for tables of the core."""

ACTIONS = ('add', 'change', 'delete', 'view')


def grant(apps, schema_editor, granted):
    """`granted` has the verbose name of a model, and the groups, by the name of the model.

    Django creates permissions after all migrations, so the ones granted here are created now.
    """
    using = schema_editor.connection.alias
    groups = apps.get_model('auth', 'Group').objects.using(using)
    permissions = apps.get_model('auth', 'Permission').objects.using(using)
    content_types = apps.get_model('contenttypes', 'ContentType').objects.using(using)
    for model_name, (verbose_name, group_names) in granted.items():
        content_type, _ = content_types.get_or_create(app_label='messaging', model=model_name)
        for action in ACTIONS:
            permission, _ = permissions.get_or_create(
                content_type=content_type,
                codename=f'{action}_{model_name}',
                defaults={'name': f'Can {action} {verbose_name}'},
            )
            for group in groups.filter(name__in=group_names):
                group.permissions.add(permission)
