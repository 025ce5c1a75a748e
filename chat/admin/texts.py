"""Texts that operators type. They follow the rules for other texts: something visible, LF for CRLF,
no control characters, and nothing that makes a text look like another one."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import BadRequest
from django.db.models import CharField, Field
from django.http import HttpRequest, HttpResponseBase

from messaging.changes.text_rules import normalise_newlines, require_line, require_note
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.identifiers import is_stored_user_id


def _refused(require: Callable[[], None]) -> None:
    """Turn a broken rule into the form's own error, which appears at the field."""
    try:
        require()
    except InvalidRequest as error:
        raise forms.ValidationError(error.detail, code=error.errors[0].code) from None


class NoteField(forms.CharField):
    """A text of several lines, recorded in the history."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def to_python(self, value: Any) -> str:
        return normalise_newlines(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        _refused(lambda: require_note("text", value, most=self.max_length or 0))


class UserIdField(forms.CharField):
    """The id of a person who may be stored, including ids that are reserved now."""

    def __init__(self) -> None:
        super().__init__(max_length=128)

    def validate(self, value: str) -> None:
        super().validate(value)
        if not is_stored_user_id(value):
            raise forms.ValidationError(
                "A user id is 1 to 128 characters of A-Z a-z 0-9 _ . @ : -", code="invalid"
            )


def validate_name(value: str) -> None:
    """Require a name to be one visible line that cannot look like another name. Raises Django's
    ValidationError."""
    _refused(lambda: require_line("name", value, most=max(len(value), 1)))


class StrictAdmin:
    """A base for Django's `ModelAdmin`: its text fields follow the rules for names, and its actions
    take the numbers of rows."""

    def response_action(self, request: HttpRequest, queryset: Any) -> HttpResponseBase | None:
        keys = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(key.isascii() and key.isdigit() for key in keys):
            raise BadRequest("Search this list by the number of a row.")
        answer: HttpResponseBase | None
        answer = super().response_action(request, queryset)  # type: ignore[misc]
        return answer

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if isinstance(db_field, CharField) and isinstance(field, forms.CharField):
            field.validators.append(validate_name)
        return field


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class OperatorAdmin(StrictAdmin, UserAdmin):  # type: ignore[misc, type-arg]
    """The operators who may use the admin."""


@admin.register(Group)
class OperatorGroupAdmin(StrictAdmin, GroupAdmin):  # type: ignore[misc]
    """The groups of operators and their permissions."""
