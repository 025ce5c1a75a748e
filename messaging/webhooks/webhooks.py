"""The webhooks of a process: keeps the endpoints as the admin has them, and takes the events.

A process either delivers, or wakes the workers that do. It imports the code that delivers with the
first endpoint: most installations have none.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from messaging.commits.group_commit import Committed
from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.domain.integrations.webhooks import Endpoint, EventReference, WebhookEvent
from messaging.followers.following import Following
from messaging.followers.runner import EpochSource
from messaging.instruments.outbound_metrics import WEBHOOK_ENDPOINTS_OFF
from messaging.stores.conversations import Store
from messaging.stores.database.webhooks import WebhookStore
from messaging.stores.reports import ReportStore
from messaging.stores.sql.connections.calls import Calls
from messaging.webhooks.hints import HintList, hints_of
from messaging.webhooks.receivers import EventReceivers
from messaging.webhooks.registrations import Registrations
from messaging.webhooks.waking import PutJob, Waking

if TYPE_CHECKING:
    from messaging.webhooks.delivering import Delivering

REFRESH_SECONDS = 5.0


class Webhooks:
    """Reads the endpoints from `start` on."""

    def __init__(
        self, *, calls: Calls, epochs: EpochSource, hints: HintList, sender: object
    ) -> None:
        """Create them. `calls` are those of `DATABASE_URL`, `sender` the instance whose signals
        become events. Its owner clears `hints` when the store was restored."""
        self.wanted = False
        """Whether any endpoint is on."""
        self.hints = hints
        self._store = WebhookStore(calls)
        self._registrations = Registrations(calls)
        self._epochs = epochs
        self._receivers = EventReceivers(self, sender=sender)
        self._endpoints: Sequence[Endpoint] = ()
        self._registered: frozenset[int] = frozenset()
        self._make: Callable[[], Delivering] | None = None
        self._delivering: Delivering | None = None
        self._waking: Waking | None = None
        self._task: asyncio.Task[None] | None = None

    def deliver(
        self, following: Following, *, store: Store, reports: ReportStore, owner: str
    ) -> None:
        """Deliver from this process, with these parts of it. Call this before `start`."""

        def make() -> "Delivering":
            from messaging.webhooks.delivering import Delivering  # noqa: PLC0415

            return Delivering(
                following,
                store=store,
                reports=reports,
                webhooks=self._store,
                hints=self.hints,
                owner=owner,
            )

        self._make, self._waking = make, None

    def wake_workers(self, put: PutJob) -> None:
        """Leave the delivery to workers. `put` puts a job on their queue."""
        self._waking = Waking(put)

    def start(self) -> None:
        self._receivers.start()
        if self._waking is not None:
            self._waking.start()
        self._task = start_task(repeat(self._step, failed="webhook.refresh_failed"))

    async def stop(self) -> None:
        self._receivers.stop()
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None
        if self._waking is not None:
            await self._waking.stop()
        if self._delivering is not None:
            await self._delivering.stop()
            self._delivering = None

    def committed(self, committed: Committed) -> None:
        """Note a commit of this process. Call this only while endpoints are `wanted`."""
        found = hints_of(committed.changes)
        if self._waking is not None:  # the workers keep it
            self._waking.add(committed.conversation.id, found)
        else:
            self.hints.add(committed.conversation.id, found)

    def founded(self, conversation_id: str) -> None:
        """Note a conversation that was created by this process."""
        if self.wanted and self._waking is not None:
            self._waking.add(conversation_id, {})

    async def refresh(self) -> None:
        """Read the endpoints, and deliver to those that are on. Raises StoreUnavailable."""
        self._endpoints = await self._store.list_endpoints()
        self.wanted = any(one.enabled for one in self._endpoints)
        off = sum(not one.enabled and one.failing_since is not None for one in self._endpoints)
        WEBHOOK_ENDPOINTS_OFF.set(off)
        await self._register_new()
        if self._delivering is None and self.wanted and self._make is not None:
            self._delivering = self._make()
        if self._delivering is not None:
            await self._delivering.apply(self._endpoints)
            await self._registrations.purge()

    async def put(self, event: EventReference) -> None:
        """Store an event without a version for the endpoints that want it. Raises
        StoreUnavailable."""
        wanting = [one.id for one in self._endpoints if one.wants(event.type)]
        if wanting:
            await self._put(wanting, event)

    async def put_erased(self, *, job_id: str, user_id: str, erased_id: str) -> None:
        """Store the event that a person was erased. Idempotent. Raises StoreUnavailable."""
        self._endpoints = await self._store.list_endpoints()  # a command has not read them
        event = EventReference(
            id=await self.event_id("erased", job_id),
            type=WebhookEvent.USER_ERASED,
            at=datetime.now(UTC),
            about=job_id,
            detail={"job_id": job_id, "user_id": user_id, "erased_id": erased_id},
        )
        wanting = [one.id for one in self._endpoints if one.enabled and one.wants(event.type)]
        if wanting:
            await self._put(wanting, event)

    async def put_test(self, endpoint_id: int) -> None:
        """Store a test event for one endpoint. Raises StoreUnavailable."""
        event_id = await self.event_id("test", random_id())
        event = EventReference(id=event_id, type=WebhookEvent.TEST, at=datetime.now(UTC))
        await self._put([endpoint_id], event)

    async def event_id(self, *parts: str) -> str:
        """Return the id of an event without a version. Raises StoreUnavailable."""
        epoch = await self._epochs.get()
        return "_".join(("evt", epoch.id, *parts))

    async def changed(self, endpoint_id: int) -> None:
        """Apply what an operator has changed, and try what waits for the endpoint at once. Raises
        StoreUnavailable."""
        await self.refresh()
        for endpoint in self._endpoints:
            if endpoint.id == endpoint_id and endpoint.enabled:
                await self._registrations.resume(endpoint.follower_name)

    async def _register_new(self) -> None:
        new = [one for one in self._endpoints if one.id not in self._registered]
        epoch = await self._epochs.get() if new else None
        for endpoint in new:
            assert epoch is not None
            await self._registrations.register(endpoint, epoch=epoch.id)
        self._registered = frozenset(one.id for one in self._endpoints)

    async def _put(self, endpoint_ids: Sequence[int], event: EventReference) -> None:
        await self._store.put(endpoint_ids, event)
        if self._delivering is not None:
            self._delivering.wake()

    async def _step(self) -> None:
        with suppress(StoreUnavailable):  # logged where it was noticed
            await self.refresh()
        await asyncio.sleep(REFRESH_SECONDS)
