"""Moderation: the word lists and the hook."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from chat.admin.confirmed_actions import confirmed
from chat.admin.integrations.secrets import secret_page
from chat.admin.texts import StrictAdmin
from messaging.changes.text_rules import normalise_newlines, require_note
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.integrations.moderation import MAX_WORD, MAX_WORDS
from messaging.models import ModerationHookRecord, WordListRecord
from messaging.outbound.addresses import parse_networks
from messaging.outbound.signing import new_secret
from messaging.outbound.urls import refusal

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin, _ModelForm = admin.ModelAdmin, forms.ModelForm

PREVIOUS_SECRET = timedelta(days=1)
"""How long a replaced secret signs too."""
_MAX_WORDS = 10_000
"""The words of one list."""
_MAX_CHARACTERS = 500_000


def validate_url(url: str) -> None:
    """Require a URL that requests may be sent to. Raises Django's ValidationError."""
    reason = refusal(url, parse_networks(settings.CHAT_OUTBOUND_ALLOWED_NETWORKS))
    if reason is not None:
        raise ValidationError(reason, code="invalid")


class WordListForm(_ModelForm):
    words = forms.CharField(
        widget=forms.Textarea,
        strip=False,
        help_text="One word or phrase on a line. Case and accents do not count. A word matches as "
        "a whole; * at an end stands for any letters there: *spam* matches antispammer.",
    )

    class Meta:
        model = WordListRecord
        fields = ("name", "action", "words", "enabled")

    def clean_words(self) -> str:
        text = normalise_newlines(self.cleaned_data["words"])
        lines = list(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))
        if len(lines) > _MAX_WORDS:
            raise ValidationError(f"A list has at most {_MAX_WORDS} words. Make another list.")
        for number, line in enumerate(lines, start=1):
            if len(line) > MAX_WORD or not line.strip("* "):
                detail = f"Line {number} needs 1 to {MAX_WORD} characters besides *."
                raise ValidationError(detail)
        words = "\n".join(lines)
        try:
            require_note("words", words, most=_MAX_CHARACTERS)
        except InvalidRequest as error:
            raise ValidationError(error.detail, code=error.errors[0].code) from None
        return words

    def clean(self) -> dict[str, Any]:
        """Require that all lists that are on fit together: the server leaves out the rest."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("enabled") and cleaned.get("words"):
            others = WordListRecord.objects.filter(enabled=True).exclude(pk=self.instance.pk)
            texts = [cleaned["words"], *others.values_list("words", flat=True)]
            if sum(len(text.splitlines()) for text in texts) > MAX_WORDS:
                detail = f"The lists that are on have at most {MAX_WORDS} words together."
                self.add_error("words", f"{detail} Remove words, or switch a list off.")
        return cleaned


@admin.register(WordListRecord)
class WordListAdmin(StrictAdmin, _ModelAdmin):  # type: ignore[misc]
    """The words that a text must not contain, or that are reported."""

    form = WordListForm
    list_display = ("name", "action", "number", "enabled", "changed_at")

    @admin.display(description="words")
    def number(self, row: WordListRecord) -> int:
        return len(row.words.splitlines())


class HookForm(_ModelForm):
    url = forms.CharField(label="URL", max_length=500, validators=[validate_url])

    class Meta:
        model = ModerationHookRecord
        fields = ("url", "fallback", "enabled")


@confirmed(
    "Replace the secret",
    permission="change",
    consequence="The new secret is shown once. The secret before it signs every request too, for "
    "the next 24 hours; after that, a receiver that does not have the new one refuses requests.",
    final=True,
    single=True,
)
def replace_secret(
    modeladmin: "_ModelAdmin", request: HttpRequest, rows: QuerySet[Any]
) -> HttpResponse:
    """Give one row a new secret, and show it. The previous one signs too for a day."""
    row: Any = rows.get()
    row.previous_secret, row.secret = row.secret, new_secret()
    row.previous_until = datetime.now(UTC) + PREVIOUS_SECRET
    row.save(update_fields=["secret", "previous_secret", "previous_until", "changed_at"])
    modeladmin.log_change(request, row, "Replace the secret")
    note = "The secret before it signs every request too, for the next 24 hours."
    return secret_page(modeladmin, request, row, row.secret, note=note)


@admin.register(ModerationHookRecord)
class ModerationHookAdmin(StrictAdmin, _ModelAdmin):  # type: ignore[misc]
    """The hook, in one row. Its secret is shown when it is made, and not again."""

    form = HookForm
    list_display = ("url", "fallback", "enabled", "changed_at")
    actions = (replace_secret,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not ModerationHookRecord.objects.exists()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=[*form.changed_data, "changed_at"])
        else:
            obj.secret = new_secret()
            super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return secret_page(self, request, obj, obj.secret)
