from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0003_moderation_groups'),
    ]

    operations = [
        migrations.CreateModel(
            name='ServiceAccount',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('scopes', models.TextField()),
                ('requests_per_second', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('created_by', models.CharField(max_length=150)),
                ('last_used_at', models.DateTimeField(null=True, verbose_name='last used')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='revoked')),
            ],
            options={
                'managed': False,
                'default_permissions': ('view', 'add', 'change'),
            },
        ),
    ]
