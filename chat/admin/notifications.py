"""Notifications: who was notified of a message, and why the others were not."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from chat.admin.base import StoreModelAdmin, Table, link
from chat.admin.lists import Found, Wanted, place, read_place
from chat.admin.names import names_of, person_link
from chat.models import Names, Notification
from messaging.domain.conversation import Conversation as StoredConversation
from messaging.domain.identifiers import is_stored_id
from messaging.domain.message import Message as StoredMessage
from messaging.domain.recipients import Verdict
from messaging.runtime.instance import Instance
from messaging.services.operators.delivery_outcomes import PersonDelivery, list_deliveries
from messaging.stores.catalogue import FailedNotification


@admin.register(Notification)
class NotificationAdmin(StoreModelAdmin):
    """Lists failed notifications. The search finds those of any message."""

    list_display = ("failed_at", "message", "conversation", "failures")
    fields = ("conversation_link", "message")
    readonly_fields = ("conversation_link",)
    search_fields = ("id",)
    search_help_text = (
        "The id of a conversation and the id of a message in it, separated by a space."
    )

    @admin.display(description="conversation")
    def conversation_link(self, notification: Notification) -> str:
        return link("conversation", notification.conversation)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        asked = {} if "q" in request.GET else {"title": "Failed notifications"}
        return super().changelist_view(request, asked)

    async def list_rows(self, instance: Instance, wanted: Wanted) -> Found:
        if wanted.search:
            row = await self.find_row(instance, ".".join(wanted.search.split()))
            return Found(rows=[] if row is None else [row])
        found = await instance.catalogue.list_failed(
            limit=wanted.limit, after=read_place(wanted.after)
        )
        full = len(found) == wanted.limit
        return Found(
            rows=[_failed(one) for one in found],
            next=place(found[-1].failed_at, found[-1].id) if full else None,
        )

    async def find_row(self, instance: Instance, key: str) -> Notification | None:
        conversation_id, _, message_id = key.partition(".")
        if not (is_stored_id(conversation_id) and is_stored_id(message_id)):
            return None
        store = instance.store
        conversation = await store.get_conversation(conversation_id)
        found = await store.get_messages(conversation_id, [message_id])
        if conversation is None or message_id not in found:
            return None
        row = Notification(id=key, conversation=conversation_id, message=message_id)
        row.entities = conversation, found[message_id]
        return row

    async def list_tables(self, instance: Instance, row: Any) -> list[Table]:
        conversation: StoredConversation
        message: StoredMessage
        conversation, message = row.entities
        deliveries = await list_deliveries(instance, conversation, message)
        names = await names_of(instance, (delivery.user_id for delivery in deliveries))
        return [
            Table(
                title="People",
                headings=("User", "Push", "Why", "When", "Devices", "Delivered", "Read"),
                rows=[_person(delivery, names) for delivery in deliveries],
                empty="There are no participants except the sender.",
            )
        ]


def _person(delivery: PersonDelivery, names: Names) -> tuple[Any, ...]:
    devices = ", ".join(f"{device}: {result}" for device, result in delivery.devices.items())
    return (
        person_link(delivery.user_id, names),
        delivery.verdict.value,
        delivery.reason or "–",
        delivery.at or "–",
        devices or "–",
        "yes" if delivery.delivered else "no",
        "yes" if delivery.read else "no",
    )


def _failed(one: FailedNotification) -> Notification:
    reasons = sorted(
        f"{user_id}: {decision.reason}"
        for user_id, decision in one.people.items()
        if decision.verdict is Verdict.FAILED
    )
    more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    return Notification(
        id=f"{one.conversation_id}.{one.message_id}",
        conversation=one.conversation_id,
        message=one.message_id,
        failed_at=one.failed_at,
        failures=", ".join(reasons[:3]) + more,
    )
