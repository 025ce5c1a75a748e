"""The bodies of events: `{type, timestamp, data}`, with the objects of REST as they are now."""

from collections.abc import Mapping
from typing import Any

import orjson

from messaging.domain.conversation import Conversation
from messaging.domain.integrations.webhooks import EventReference, WebhookEvent
from messaging.domain.message import Message
from messaging.stores.conversations import Store
from messaging.stores.reports import ReportStore
from messaging.wire.representations import (
    conversation_data,
    message_data,
    report_data,
    timestamp,
)

_OF_MESSAGES = frozenset(
    {
        WebhookEvent.MESSAGE_CREATED,
        WebhookEvent.MESSAGE_UPDATED,
        WebhookEvent.MESSAGE_DELETED,
        WebhookEvent.REACTION_UPDATED,
    }
)
_WITHOUT_OBJECT = frozenset(
    {WebhookEvent.PARTICIPANT_ADDED, WebhookEvent.PARTICIPANT_REMOVED, WebhookEvent.PUSH_FAILED}
)


class Bodies:
    """Builds bodies. What is not at hand is read from the store."""

    def __init__(self, store: Store, reports: ReportStore) -> None:
        self._store = store
        self._reports = reports

    async def build(
        self,
        event: EventReference,
        *,
        conversation: Conversation | None = None,
        messages: Mapping[str, Message] | None = None,
    ) -> bytes | None:
        """Return the body of an event, or None if nothing is left to tell: what it is about was
        deleted since. Raises StoreUnavailable."""
        data: dict[str, Any] | None
        if event.type in _OF_MESSAGES:
            data = await self._of_message(event, messages or {})
        elif event.type is WebhookEvent.REPORT_CREATED:
            data = await self._of_report(event)
        elif event.type in {WebhookEvent.TEST, WebhookEvent.USER_ERASED}:
            data = dict(event.detail)
        elif event.type in _WITHOUT_OBJECT:
            data = {**_place(event), **event.detail}
        else:
            data = await self._of_conversation(event, conversation)
        if data is None:
            return None
        document = {"type": event.type.value, "timestamp": timestamp(event.at), "data": data}
        return orjson.dumps(document)

    async def _of_message(
        self, event: EventReference, messages: Mapping[str, Message]
    ) -> dict[str, Any] | None:
        message = messages.get(event.about)
        if message is None:
            found = await self._store.get_messages(event.conversation_id, [event.about])
            message = found.get(event.about)
        is_deletion = event.type is WebhookEvent.MESSAGE_DELETED
        if message is None or (message.deleted_at is not None) is not is_deletion:
            return None
        return {**_place(event), "message": message_data(message), **event.detail}

    async def _of_conversation(
        self, event: EventReference, conversation: Conversation | None
    ) -> dict[str, Any] | None:
        if conversation is None:
            conversation = await self._store.get_conversation(event.conversation_id)
        if conversation is None:
            return None
        return {**_place(event), "conversation": conversation_data(conversation), **event.detail}

    async def _of_report(self, event: EventReference) -> dict[str, Any] | None:
        report = await self._reports.get_report(event.about)
        if report is None:
            return None
        people = {"author_id": report.author_id, "reporter_id": report.reporter_id}
        return {"report": {**report_data(report), **people}}


def _place(event: EventReference) -> dict[str, Any]:
    place: dict[str, Any] = {"conversation_id": event.conversation_id}
    return {**place, "version": event.version} if event.version or not event.about else place
