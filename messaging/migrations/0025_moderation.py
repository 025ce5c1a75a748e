"""The operators' rules of moderation: word lists, and the hook."""

from django.db import migrations, models

_ACTIONS = [("block", "Block the text"), ("flag", "Store and report the text")]
_FALLBACKS = [("allow", "Allow the text"), ("refuse", "Refuse the text")]


class Migration(migrations.Migration):
    dependencies = [("messaging", "0024_mentioned")]

    operations = [
        migrations.CreateModel(
            name="ModerationHookRecord",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("url", models.CharField(max_length=500, verbose_name="URL")),
                (
                    "fallback",
                    models.CharField(
                        choices=_FALLBACKS,
                        default="allow",
                        max_length=8,
                        verbose_name="if it does not answer",
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("secret", models.CharField(editable=False, max_length=100)),
                ("previous_secret", models.CharField(blank=True, editable=False, max_length=100)),
                ("previous_until", models.DateTimeField(editable=False, null=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            options={"verbose_name": "moderation hook", "db_table": "messaging_moderation_hook"},
        ),
        migrations.CreateModel(
            name="WordListRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("action", models.CharField(choices=_ACTIONS, max_length=8)),
                ("words", models.TextField()),
                ("enabled", models.BooleanField(default=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
            ],
            options={"verbose_name": "word list", "db_table": "messaging_word_list"},
        ),
    ]
