"""Delivers from this process: follows the changes for each endpoint that is on, and empties the
outbox."""

import asyncio
from collections.abc import Sequence

import structlog
from django.conf import settings

from messaging.domain.integrations.webhooks import Endpoint
from messaging.followers.following import Following
from messaging.outbound.addresses import parse_networks
from messaging.outbound.client import OutboundClient
from messaging.stores.conversations import Store
from messaging.stores.database.webhooks import WebhookStore
from messaging.stores.reports import ReportStore
from messaging.webhooks.bodies import Bodies
from messaging.webhooks.conversation_follower import ConversationFollower
from messaging.webhooks.endpoint import LiveEndpoint
from messaging.webhooks.hints import HintList
from messaging.webhooks.log import DeliveryLog
from messaging.webhooks.options import get_options
from messaging.webhooks.outbox import Outbox
from messaging.webhooks.requests import EndpointRequests

logger = structlog.get_logger(__name__)


class Delivering:
    """Begins at once, and ends with `stop`."""

    def __init__(
        self,
        following: Following,
        *,
        store: Store,
        reports: ReportStore,
        webhooks: WebhookStore,
        hints: HintList,
        owner: str,
    ) -> None:
        self._following = following
        self._webhooks = webhooks
        self._hints = hints
        self._options = get_options()
        self._live: dict[int, LiveEndpoint] = {}
        networks = parse_networks(settings.CHAT_OUTBOUND_ALLOWED_NETWORKS)
        self._client = OutboundClient(listed=networks)
        self._bodies = Bodies(store, reports)
        self._log = DeliveryLog(webhooks)
        self._outbox = Outbox(
            store=webhooks,
            bodies=self._bodies,
            endpoint=self._live.get,
            owner=owner,
            options=self._options,
        )
        self._log.start()
        self._outbox.start()

    async def apply(self, endpoints: Sequence[Endpoint]) -> None:
        """Follow for the endpoints that are on, and for no other one. The checkpoints of the others
        stay. Raises StoreUnavailable."""
        on = {one.id: one for one in endpoints if one.enabled}
        for endpoint_id in self._live.keys() - on.keys():
            live = self._live.pop(endpoint_id)
            live.stopping = True
            await self._following.remove(live.settings.follower_name)
            logger.info("webhook.endpoint_off", endpoint=endpoint_id)
        for endpoint in on.values():
            known = self._live.get(endpoint.id)
            if known is None:
                self._follow(endpoint)
            else:
                known.use(endpoint)

    def wake(self) -> None:
        """Send what is in the outbox, at once."""
        self._outbox.wake()

    async def stop(self) -> None:
        live = tuple(self._live.values())
        self._live.clear()
        for one in live:
            one.stopping = True
        names = [one.settings.follower_name for one in live]
        await asyncio.gather(*map(self._following.remove, names))
        await self._outbox.stop()
        await self._log.stop()
        await self._client.close()

    def _follow(self, endpoint: Endpoint) -> None:
        live = LiveEndpoint(
            endpoint,
            requests=EndpointRequests(self._client, self._options),
            store=self._webhooks,
            log=self._log,
        )
        self._live[endpoint.id] = live
        self._following.add_remote(
            ConversationFollower(
                live,
                store=self._webhooks,
                bodies=self._bodies,
                hints=self._hints,
                options=self._options,
            )
        )
        logger.info("webhook.endpoint_on", endpoint=endpoint.id)
