"""The follower of one endpoint: sends it the changes of each conversation, in order.

A failing event holds only its conversation. It is retried for a day, then passed over and kept for
a replay. Its checkpoint is the truth: a crash repeats at most the events since the checkpoint, with
the same `webhook-id`.
"""

import time
from datetime import UTC, datetime

import structlog

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.integrations.webhooks import RETRIED_FOR, Attempt, EventReference
from messaging.followers.backoff import seconds_after
from messaging.followers.follower import Followed, RetryLater
from messaging.instruments.outbound_metrics import WEBHOOKS_SENT
from messaging.stores.database.webhooks import WebhookStore
from messaging.webhooks.bodies import Bodies
from messaging.webhooks.changes import events_of
from messaging.webhooks.endpoint import LiveEndpoint
from messaging.webhooks.hints import HintList
from messaging.webhooks.options import Options
from messaging.webhooks.requests import EndpointAway

logger = structlog.get_logger(__name__)

_FRESH_SECONDS = 1.0
"""How old the state in a request may be. An older one is read again: a text that was deleted since
must not leave the product."""


class ConversationFollower:
    """Implements `messaging.followers.follower.RemoteFollower`."""

    from_beginning = False

    def __init__(
        self,
        endpoint: LiveEndpoint,
        *,
        store: WebhookStore,
        bodies: Bodies,
        hints: HintList,
        options: Options,
    ) -> None:
        self.name = endpoint.settings.follower_name
        self.lease_seconds = options.lease
        self._options = options
        self._endpoint = endpoint
        self._store = store
        self._bodies = bodies
        self._hints = hints

    async def deliver(self, followed: Followed) -> None:
        """Send the events of some changes. Raises RetryLater, StoreUnavailable."""
        ends_at = time.monotonic() + self._options.lease - 2 * self._options.request
        fresh_until = followed.seen_at + _FRESH_SECONDS
        messages = {one.id: one for one in followed.messages}
        hints = self._hints.of(followed.conversation.id)
        done = followed.since
        """The version up to which all events are delivered, or passed over."""
        first = True
        for event in events_of(followed, hints=hints):
            if not self._endpoint.settings.wants(event.type):
                continue
            if self._endpoint.stopping or time.monotonic() > ends_at:
                raise RetryLater(0.0, "the lease ends", version=done)
            try:
                if time.monotonic() < fresh_until:
                    body = await self._bodies.build(
                        event, conversation=followed.conversation, messages=messages
                    )
                else:
                    body = await self._bodies.build(event)
            except StoreUnavailable as error:
                raise RetryLater(seconds_after(0), "the store is away", version=done) from error
            if body is not None:
                await self._send(event, body, first=first, done=done)
                first = False
            done = event.version

    async def forget(self, conversation_id: str) -> None:
        """Do nothing: the endpoint is told of deletions by events."""

    async def _send(self, event: EventReference, body: bytes, *, first: bool, done: int) -> None:
        """Send one event, or pass it over. Only the `first` one may have been tried before. `done`
        is the version up to which the events before it are delivered. Raises RetryLater,
        StoreUnavailable."""
        try:
            attempt = await self._endpoint.send(event, body, logged=first)
        except EndpointAway as away:
            raise RetryLater(away.seconds, "the endpoint is away", version=done) from away
        if attempt.good:
            return
        failed = await self._store.note_failure(self._endpoint.settings.id, event, attempt)
        since = failed.first_failed_at
        if since is None or datetime.now(UTC) - since < RETRIED_FOR:
            seconds = seconds_after(failed.attempts - 1, longest=self._options.longest_pause)
            raise RetryLater(seconds, _reason(attempt), version=done)
        await self._store.pass_over(failed.id)
        WEBHOOKS_SENT.labels("passed_over").inc()
        logger.error(
            "webhook.passed_over",
            endpoint=self._endpoint.settings.id,
            webhook_id=event.id,
            type=event.type.value,
            attempts=failed.attempts,
        )


def _reason(attempt: Attempt) -> str:
    return attempt.failure or f"status {attempt.status}"
