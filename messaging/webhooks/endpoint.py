"""One endpoint in this process: its settings of the moment, its requests, and how it fares.

An endpoint is switched off if it answers 410, or if no request has succeeded for three days.
"""

from dataclasses import replace
from datetime import UTC, datetime

import structlog

from messaging.domain.integrations.webhooks import SILENT_FOR, Attempt, Endpoint, EventReference
from messaging.stores.database.webhooks import WebhookStore
from messaging.webhooks.log import DeliveryLog
from messaging.webhooks.requests import EndpointAway, EndpointRequests

logger = structlog.get_logger(__name__)

_OFF_SECONDS = 60.0


class LiveEndpoint:
    def __init__(
        self,
        settings: Endpoint,
        *,
        requests: EndpointRequests,
        store: WebhookStore,
        log: DeliveryLog,
    ) -> None:
        self.settings = settings
        """As they were read last."""
        self._requests = requests
        self._store = store
        self._log = log
        self._off = False
        self.stopping = False
        """Whether this process begins no further request."""

    def use(self, settings: Endpoint) -> None:
        """Use settings that were read just now, of an endpoint that is on."""
        self.settings = settings
        self._off = False

    async def send(self, event: EventReference, body: bytes, *, logged: bool = True) -> Attempt:
        """Send an event once, and note the result. `logged`: it may have failed before. Raises
        EndpointAway, StoreUnavailable."""
        if self._off:
            raise EndpointAway(_OFF_SECONDS)
        attempt = await self._requests.send(self.settings, event, body)
        if attempt.good:
            self._log.add(self.settings.id, event, attempt, settles=logged)
            if self.settings.failing_since is not None:
                self.settings = replace(self.settings, failing_since=None)
                await self._store.set_failing(self.settings.id, failing=False)
        elif attempt.gone:
            await self._switch_off("it answered 410 Gone")
        else:
            await self._failed()
        return attempt

    async def _failed(self) -> None:
        since = self.settings.failing_since
        if since is None:
            self.settings = replace(self.settings, failing_since=datetime.now(UTC))
            await self._store.set_failing(self.settings.id, failing=True)
        elif datetime.now(UTC) - since >= SILENT_FOR:
            # Another process may not have known yet that requests failed when one succeeded.
            if await self._store.restart_failing(self.settings.id, since=since):
                self.settings = replace(self.settings, failing_since=datetime.now(UTC))
            else:
                await self._switch_off("no request succeeded for three days")

    async def _switch_off(self, reason: str) -> None:
        """Switch it off. The operators learn of it by the log, the doctor and a metric. Raises
        StoreUnavailable: then the next request that fails tries it again."""
        switched = await self._store.switch_off(self.settings.id, reason)
        self._off = True  # until the owner has read that it is off, or on again
        if switched:
            logger.error("webhook.switched_off", endpoint=self.settings.id, reason=reason)
