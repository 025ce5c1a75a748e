"""The operators' rules of moderation. They are in `DATABASE_URL` on every store."""

from django.db import models

_URL_LENGTH = 500
_SECRET_LENGTH = 100
_LIST_LENGTH = 100


class WordListRecord(models.Model):
    """Words that a text must not contain, or that are reported."""

    name = models.CharField(max_length=_LIST_LENGTH, unique=True)
    action = models.CharField(
        max_length=8, choices=[("block", "Block the text"), ("flag", "Store and report the text")]
    )
    words = models.TextField()
    """One word or phrase on a line."""
    enabled = models.BooleanField(default=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "messaging_word_list"
        verbose_name = "word list"

    def __str__(self) -> str:
        return self.name


class ModerationHookRecord(models.Model):
    """The moderation hook, in its only row."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    url = models.CharField("URL", max_length=_URL_LENGTH)
    fallback = models.CharField(
        "if it does not answer",
        max_length=8,
        choices=[("allow", "Allow the text"), ("refuse", "Refuse the text")],
        default="allow",
    )
    enabled = models.BooleanField(default=True)
    secret = models.CharField(max_length=_SECRET_LENGTH, editable=False)
    previous_secret = models.CharField(max_length=_SECRET_LENGTH, blank=True, editable=False)
    """It signs too, until the time below."""
    previous_until = models.DateTimeField(null=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "messaging_moderation_hook"
        verbose_name = "moderation hook"

    def __str__(self) -> str:
        return self.url
