"""Webhooks: the endpoints, and the log of their deliveries."""

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from chat.admin.base import unavailable
from chat.admin.bridge import on_loop
from chat.admin.confirmed_actions import confirmed
from chat.admin.integrations.moderation import replace_secret, validate_url
from chat.admin.integrations.secrets import secret_page
from chat.admin.personal_data.filters import filter_of
from chat.admin.texts import StrictAdmin
from chat.state import instance_of
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.integrations.webhooks import DeliveryState, WebhookEvent
from messaging.models import WebhookDeliveryRecord, WebhookEndpointRecord
from messaging.outbound.signing import new_secret
from messaging.runtime.instance import Instance

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin, _ModelForm = admin.ModelAdmin, forms.ModelForm

_CHOICES = [(one.value, one.value) for one in WebhookEvent if one is not WebhookEvent.TEST]


def _apply(instance: Instance, endpoint_id: int) -> None:
    """Apply a change to this process at once. Otherwise it does so within seconds, as the others
    do."""
    with suppress(StoreUnavailable):
        on_loop(instance.webhooks.changed)(endpoint_id)


class EndpointForm(_ModelForm):
    url = forms.CharField(label="URL", max_length=500, validators=[validate_url])
    events = forms.MultipleChoiceField(
        choices=_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none to get all events.",
    )

    class Meta:
        model = WebhookEndpointRecord
        fields = ("url", "description", "events", "enabled")


@admin.register(WebhookEndpointRecord)
class WebhookEndpointAdmin(StrictAdmin, _ModelAdmin):  # type: ignore[misc]
    """Where events are sent. The secret of an endpoint is shown when it is made, and not again."""

    form = EndpointForm
    list_display = ("url", "description", "enabled", "switched_off_for", "failing_since")
    readonly_fields = ("switched_off_for", "failing_since", "created_at")
    actions = ("send_test_event", replace_secret)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        written = [*form.changed_data, "changed_at"]
        if obj.enabled and "enabled" in form.changed_data:
            obj.switched_off_for, obj.failing_since = "", None
            written += ["switched_off_for", "failing_since"]
        if change:
            # The server writes the other columns meanwhile.
            obj.save(update_fields=written)
        else:
            obj.secret = new_secret()
            super().save_model(request, obj, form, change)
        # Not within the transaction: the instance writes on connections of its own.
        transaction.on_commit(partial(_apply, instance_of(request), obj.pk))

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        return secret_page(self, request, obj, obj.secret)

    @admin.action(description="Send a test event", permissions=["change"])
    def send_test_event(self, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        for row in rows:
            try:
                on_loop(instance_of(request).webhooks.put_test)(row.pk)
            except StoreUnavailable as error:
                return unavailable(self, request, error)
            self.log_change(request, row, "Send a test event")
        self.message_user(
            request, "The event is on its way. The webhook deliveries show the answer."
        )
        return None


@admin.register(WebhookDeliveryRecord)
class WebhookDeliveryAdmin(StrictAdmin, _ModelAdmin):  # type: ignore[misc]
    """The log: ids and answers, without the content of events."""

    list_display = (
        *("at", "type", "endpoint", "state", "attempts", "status", "failure", "attempted_at"),
        "conversation_id",
    )
    list_filter = (filter_of("state", DeliveryState), filter_of("type", WebhookEvent), "endpoint")
    list_select_related = ("endpoint",)
    search_fields = ("webhook_id", "conversation_id")
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("replay",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("messaging.change_webhookendpointrecord")

    @confirmed(
        "Replay",
        permission="replay",
        consequence="Those of these events that failed are sent again, with the present state of "
        "what they are about. A receiver may get an event twice.",
    )
    def replay(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Send events again that were passed over, with the present state of what they are
        about."""
        chosen = list(rows.filter(state=DeliveryState.FAILED.value))
        for row in chosen:
            row.state, row.attempts, row.first_failed_at = DeliveryState.WAITING.value, 0, None
            row.next_at = datetime.now(UTC)
            row.save(update_fields=["state", "attempts", "first_failed_at", "next_at"])
            self.log_change(request, row, "Replay")
        self.message_user(request, f"{len(chosen)} events are sent again. Only failed ones can be.")
