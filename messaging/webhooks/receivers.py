"""Turns signals into events without a version."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.dispatch import Signal

from messaging.domain.identifiers import derived_id
from messaging.domain.integrations.webhooks import EventReference, WebhookEvent
from messaging.domain.reports import Report
from messaging.domain.signals import push_failed, report_created

if TYPE_CHECKING:
    from messaging.webhooks.webhooks import Webhooks


class EventReceivers:
    """Receives the signals of one instance between `start` and `stop`."""

    def __init__(self, webhooks: "Webhooks", *, sender: object) -> None:
        self._webhooks = webhooks
        self._sender = sender
        self._receivers: Mapping[Signal, Callable[..., Any]] = {
            report_created: self._report_created,
            push_failed: self._push_failed,
        }

    def start(self) -> None:
        for signal, receiver in self._receivers.items():
            signal.connect(receiver, sender=self._sender)

    def stop(self) -> None:
        for signal, receiver in self._receivers.items():
            signal.disconnect(receiver, sender=self._sender)

    async def _report_created(self, report: Report, **_: Any) -> None:
        if not self._webhooks.wanted:
            return
        await self._webhooks.put(
            EventReference(
                id=await self._webhooks.event_id("report", report.id),
                type=WebhookEvent.REPORT_CREATED,
                at=report.created_at,
                about=report.id,
            )
        )

    async def _push_failed(
        self, conversation_id: str, message_id: str, user_ids: Sequence[str], **_: Any
    ) -> None:
        if not self._webhooks.wanted:
            return
        people = sorted(user_ids)
        await self._webhooks.put(
            EventReference(
                id=await self._webhooks.event_id("push", message_id, derived_id(*people)),
                type=WebhookEvent.PUSH_FAILED,
                at=datetime.now(UTC),
                conversation_id=conversation_id,
                about=message_id,
                detail={"message_id": message_id, "user_ids": people},
            )
        )
