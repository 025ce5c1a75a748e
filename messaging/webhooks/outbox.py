"""The stored outbox: events without a version, replays and tests. They have no order.

Each is leased before it is sent, so that of several processes one sends it. While an endpoint takes
its time, no further events of it are leased, and the others get theirs.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from messaging.concurrency.loops import repeat, until_wanted
from messaging.concurrency.tasks import TaskSet, start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.integrations.webhooks import RETRIED_FOR, DeliveryState, StoredDelivery
from messaging.followers.backoff import seconds_after
from messaging.instruments.outbound_metrics import WEBHOOKS_SENT, WEBHOOKS_WAITING
from messaging.stores.database.webhooks import WebhookStore
from messaging.webhooks.bodies import Bodies
from messaging.webhooks.endpoint import LiveEndpoint
from messaging.webhooks.options import Options
from messaging.webhooks.requests import EndpointAway

logger = structlog.get_logger(__name__)

_AT_ONCE = 8
_LOOK_SECONDS = (1.0, 2.0)
_PURGE_SECONDS = 60.0
_LONGEST_AWAY = 30.0
"""An operator may have switched the endpoint on again."""


class Outbox:
    def __init__(
        self,
        *,
        store: WebhookStore,
        bodies: Bodies,
        endpoint: Callable[[int], LiveEndpoint | None],
        owner: str,
        options: Options,
    ) -> None:
        """Create it. `endpoint` returns an endpoint of this process by its id."""
        self._store = store
        self._bodies = bodies
        self._endpoint = endpoint
        self._owner = owner
        self._options = options
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sends: TaskSet[None] = TaskSet()
        self._sending: Counter[int] = Counter()
        """How many events are being sent to an endpoint, by its id."""
        self._purged_at = float("-inf")
        self._away_until: dict[int, float] = {}
        """The endpoints that are not tried now, by their ids; by the monotonic clock."""

    def start(self) -> None:
        self._task = start_task(repeat(self._step, failed="webhook.outbox_failed"))

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None
        await self._sends.stop()

    async def join(self) -> None:
        """Wait until what was begun is sent, or has failed."""
        await self._sends.join()

    def wake(self) -> None:
        """Look for events that are due, at once."""
        self._wanted.set()

    async def begin_due(self) -> int:
        """Begin to send some events that are due, and return how many those are. Raises
        StoreUnavailable."""
        seconds = self._options.request + 20.0  # with the wait for a place, and the stores
        due = await self._store.claim_waiting(
            owner=self._owner,
            seconds=seconds,
            limit=_AT_ONCE,
            away={*self._away(), *self._sending},
        )
        for delivery in due:
            self._sending[delivery.endpoint_id] += 1
            self._sends.start(self._run(delivery))
        return len(due)

    def _away(self) -> Collection[int]:
        """Return the endpoints whose events stay where they are: all of them would be leased, a few
        at a time, and none sent."""
        now = time.monotonic()
        self._away_until = {one: end for one, end in self._away_until.items() if end > now}
        return tuple(self._away_until)

    async def _step(self) -> None:
        with suppress(StoreUnavailable):
            while await self.begin_due() == _AT_ONCE:
                pass
            await self._tidy()
        await until_wanted(self._wanted, seconds=_LOOK_SECONDS)

    async def _run(self, delivery: StoredDelivery) -> None:
        endpoint_id = delivery.endpoint_id
        try:
            await self._send(delivery)
        except StoreUnavailable:
            pass  # logged where it was noticed; due again when the lease ends
        except Exception:
            logger.exception("webhook.not_sent", endpoint=endpoint_id, webhook_id=delivery.event.id)
        finally:
            self._sending[endpoint_id] -= 1
            if not self._sending[endpoint_id]:
                del self._sending[endpoint_id]
                self._wanted.set()  # there may be more for this endpoint

    async def _send(self, delivery: StoredDelivery) -> None:
        endpoint = self._endpoint(delivery.endpoint_id)
        if endpoint is None:
            return  # it was switched on or off at this moment
        body = await self._bodies.build(delivery.event)
        if body is None:
            await self._store.remove(delivery.id)
            return
        try:
            attempt = await endpoint.send(delivery.event, body, logged=False)
        except EndpointAway as away:  # the event is due again when its lease ends
            seconds = min(away.seconds, _LONGEST_AWAY)
            self._away_until[delivery.endpoint_id] = time.monotonic() + seconds
            return
        state, pause = DeliveryState.DELIVERED, 0.0
        if not attempt.good:
            first = delivery.first_failed_at
            late = first is not None and datetime.now(UTC) - first >= RETRIED_FOR
            state = DeliveryState.FAILED if late else DeliveryState.WAITING
            pause = seconds_after(delivery.attempts, longest=self._options.longest_pause)
            if late:
                WEBHOOKS_SENT.labels("passed_over").inc()
                logger.error("webhook.passed_over", webhook_id=delivery.event.id)
        await self._store.settle(delivery.id, attempt, state=state, retry_after=pause)

    async def _tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._purged_at >= _PURGE_SECONDS:
            self._purged_at = now
            await self._store.purge()
            WEBHOOKS_WAITING.set(await self._store.waiting())
