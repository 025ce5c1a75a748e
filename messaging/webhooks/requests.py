"""Sends events to one endpoint, and notes how it answers.

While an endpoint does not answer at all, one request at a time tries it. An answer with an error
concerns its event alone.
"""

import asyncio
import random
import time

import structlog

from messaging.concurrency.circuit_breaker import CircuitBreaker
from messaging.domain.integrations.webhooks import Attempt, Endpoint, EventReference
from messaging.instruments.outbound_metrics import WEBHOOK_SECONDS, WEBHOOKS_SENT
from messaging.outbound.client import OutboundClient
from messaging.outbound.failures import OutboundFailed
from messaging.outbound.signing import sign
from messaging.webhooks.options import Options

logger = structlog.get_logger(__name__)

_AT_ONCE = 16
_FAILURES = 5


class EndpointAway(Exception):
    """The endpoint has not answered recently. It is not tried now."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        """When to try again."""


class EndpointRequests:
    def __init__(
        self, client: OutboundClient, options: Options, *, at_once: int = _AT_ONCE
    ) -> None:
        self._client = client
        self._seconds = options.request
        self._places = asyncio.Semaphore(at_once)
        self._breaker = CircuitBreaker(failures=_FAILURES, pauses=options.pauses)

    async def send(self, endpoint: Endpoint, event: EventReference, body: bytes) -> Attempt:
        """Send an event once. Raises EndpointAway."""
        async with self._places:
            if not self._breaker.allows():
                raise EndpointAway(self._breaker.pause * random.uniform(1.0, 1.5))
            begun = time.monotonic()
            status, failure = None, ""
            headers = sign(endpoint.secrets, message_id=event.id, body=body)
            try:
                answer = await self._client.post(
                    endpoint.url, body=body, headers=headers, seconds=self._seconds
                )
            except OutboundFailed as error:
                failure = error.failure.value
                if self._breaker.failed():
                    logger.warning("webhook.endpoint_away", endpoint=endpoint.id, reason=failure)
            else:
                status = answer.status
                if self._breaker.answered():
                    logger.info("webhook.endpoint_back", endpoint=endpoint.id)
        attempt = Attempt(status=status, failure=failure, seconds=time.monotonic() - begun)
        WEBHOOKS_SENT.labels("delivered" if attempt.good else "failed").inc()
        WEBHOOK_SECONDS.observe(attempt.seconds)
        logger.debug(
            "webhook.sent",
            endpoint=endpoint.id,
            webhook_id=event.id,
            type=event.type.value,
            status=status,
            reason=failure,
        )
        return attempt
