"""Access to the messages of a conversation: operators give a reason, which the history records."""

from datetime import timedelta

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils import timezone

from chat.admin.personal_data.noting import note
from chat.admin.texts import NoteField
from chat.models import Conversation

_LOOK = "Looked into it: "
_HOLDS = timedelta(hours=1)


class LookForm(forms.Form):
    reason = NoteField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60, "autofocus": True}),
        help_text="The history of the conversation records it, with your name.",
    )


def may_look(request: HttpRequest, conversation_id: str) -> bool:
    """Return whether the operator has given a reason within the last hour."""
    assert request.user.is_authenticated
    return LogEntry.objects.filter(
        user_id=request.user.pk,
        content_type=ContentType.objects.get_for_model(Conversation),
        object_id=conversation_id,
        change_message__startswith=_LOOK,
        action_time__gte=timezone.now() - _HOLDS,
    ).exists()


def note_look(request: HttpRequest, conversation: Conversation, reason: str) -> None:
    note(request, "messages.opened", conversation, values={"reason": reason})
    assert request.user.is_authenticated
    LogEntry.objects.log_actions(
        user_id=request.user.pk,
        queryset=[conversation],
        action_flag=CHANGE,
        change_message=_LOOK + reason,
        single_object=True,
    )
