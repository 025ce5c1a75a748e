"""How long single conversations keep their messages. The audit trail records who changed it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from chat.admin.personal_data.noting import note
from chat.admin.texts import NoteField, StrictAdmin
from chat.models import Conversation
from messaging.domain.identifiers import is_stored_id
from messaging.domain.personal_data.retention import MAX_DAYS
from messaging.models import RetentionRuleRecord

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin, _ModelForm = admin.ModelAdmin, forms.ModelForm


class RuleForm(_ModelForm):
    days = forms.IntegerField(
        min_value=1,
        max_value=MAX_DAYS,
        required=False,
        help_text="Older messages become tombstones. Empty keeps the messages for ever.",
    )
    reason = NoteField(max_length=500, widget=forms.Textarea(attrs={"rows": 3, "cols": 60}))

    class Meta:
        model = RetentionRuleRecord
        fields = ("conversation_id", "days", "reason")

    def clean_conversation_id(self) -> str:
        id_: str = self.cleaned_data["conversation_id"]
        if not is_stored_id(id_):
            raise forms.ValidationError("This is not a conversation id.")
        return id_


@admin.register(RetentionRuleRecord)
class RetentionRuleAdmin(StrictAdmin, _ModelAdmin):  # type: ignore[misc]
    """Add one in the place of the setting of the kind; delete it to return to the setting."""

    form = RuleForm
    list_display = ("conversation_id", "days", "reason", "created_at", "created_by")
    search_fields = ("conversation_id",)
    readonly_fields = ("created_at", "created_by")
    ordering = ("-created_at",)
    actions = None
    """Each rule is deleted on its own page."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.created_by = request.user.get_username()
        days = "for ever" if obj.days is None else obj.days
        values = {"reason": obj.reason, "days": days}
        note(request, "retention.set", Conversation(id=obj.conversation_id), values=values)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        note(request, "retention.removed", Conversation(id=obj.conversation_id))
        super().delete_model(request, obj)
