"""Webhooks, with real receivers on the loopback address."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from standardwebhooks import Webhook

from messaging.models import WebhookEndpointRecord
from messaging.runtime.instance import Instance
from tests.integration.outbound.hooks import Hook, Received, answer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the specification
Json = dict[str, Any]


@dataclass
class Endpoint:
    """An endpoint that verifies each request by the official library."""

    hook: Hook
    instance: Instance
    key: int = 0
    answers: list[int] = field(default_factory=list)
    """The statuses of the next answers; 200 afterwards."""
    refused: str = ""
    """A conversation whose events get 500."""
    requests: list[tuple[str, Json]] = field(default_factory=list)
    """Every request: its `webhook-id` and its body."""
    accepted: dict[str, Json] = field(default_factory=dict)
    """The bodies of what was answered with 200, by `webhook-id`, each once."""

    def handle(self, got: Received) -> bytes:
        body: Json = Webhook(SECRET).verify(got.body, got.headers)
        webhook_id = got.headers["webhook-id"]
        self.requests.append((webhook_id, body))
        status = self.answers.pop(0) if self.answers else 200
        if self.refused and body["data"].get("conversation_id") == self.refused:
            status = 500
        if status == 200:
            self.accepted.setdefault(webhook_id, body)
        return answer(status)

    @property
    def types(self) -> list[str]:
        return [body["type"] for body in self.accepted.values()]

    async def switch_on(self, *events: str) -> None:
        record = await sync_to_async(WebhookEndpointRecord.objects.create)(
            url=self.hook.url, secret=SECRET, events=list(events)
        )
        self.key = record.pk
        await self.instance.webhooks.refresh()

    async def record(self) -> WebhookEndpointRecord:
        return await WebhookEndpointRecord.objects.aget(pk=self.key)

    async def has(self, number: int) -> list[Json]:
        """Wait until so many events were accepted, and return their bodies."""
        await self.until(lambda: len(self.accepted) >= number)
        return list(self.accepted.values())

    async def until(self, holds: Callable[[], bool | Awaitable[bool]]) -> None:
        """Wait until something holds. What waits for a retry is looked for again and again."""
        end = time.monotonic() + 60
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            assert time.monotonic() < end, self.types
            await self.instance.following.sweep()
            await asyncio.sleep(0.05)
