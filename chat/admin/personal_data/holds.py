"""Legal holds: they defer erasures. The audit trail records who set and lifted them."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest

from chat.admin.personal_data.noting import note
from chat.admin.texts import NoteField, StrictAdmin
from chat.models import Conversation, Person
from messaging.domain.identifiers import is_stored_id, is_stored_user_id
from messaging.domain.personal_data.jobs import HoldKind
from messaging.models import LegalHoldRecord
from messaging.stores.database.jobs import wake_held

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin, _ModelForm = admin.ModelAdmin, forms.ModelForm


class HoldForm(_ModelForm):
    reason = NoteField(max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))

    class Meta:
        model = LegalHoldRecord
        fields = ("kind", "subject", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        kind, subject = cleaned.get("kind"), cleaned.get("subject", "")
        if kind == HoldKind.PERSON.value and not is_stored_user_id(subject):
            self.add_error("subject", "This is not a user id.")
        if kind == HoldKind.CONVERSATION.value and not is_stored_id(subject):
            self.add_error("subject", "This is not a conversation id.")
        return cleaned


@admin.register(LegalHoldRecord)
class LegalHoldAdmin(StrictAdmin, _ModelAdmin):  # type: ignore[misc]
    """Add one to keep the data of a person or a conversation; delete it to lift it."""

    form = HoldForm
    list_display = ("created_at", "kind", "subject", "reason", "created_by")
    list_filter = ("kind",)
    search_fields = ("subject",)
    readonly_fields = ("created_at", "created_by")
    ordering = ("-id",)
    actions = None
    """Each hold is lifted on its own page."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.created_by = request.user.get_username()
        note(request, "hold.set", _subject_of(obj), values={"reason": obj.reason})
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        note(request, "hold.lifted", _subject_of(obj))
        super().delete_model(request, obj)
        wake_held(connections[DEFAULT_DB_ALIAS])


def _subject_of(hold: LegalHoldRecord) -> Person | Conversation:
    if hold.kind == HoldKind.PERSON.value:
        return Person(user_id=hold.subject)
    return Conversation(id=hold.subject)
