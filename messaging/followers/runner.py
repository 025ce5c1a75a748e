"""Runs one follower in this process: gathers changes for a moment, and hands them to its handler.

Nothing here is on the path of a send. While the database does not answer, changes wait in the inbox
until it is full; the sweep finds the others.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from messaging.concurrency.loops import repeat, until_wanted
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.followers.checkpoints import Checkpoints
from messaging.followers.follower import Follower
from messaging.followers.inbox import Inbox, Pending
from messaging.followers.look import Look
from messaging.followers.registry import Registration, get_registered, register
from messaging.followers.walk import Handler, Walk, WalkStep
from messaging.instruments.follower_metrics import FOLLOWER_BEHIND_SECONDS
from messaging.stores.conversations import Store
from messaging.stores.epochs import Epoch
from messaging.stores.sql.connections.calls import Calls

logger = structlog.get_logger(__name__)

_GATHER_SECONDS = 0.5
"""How long changes are gathered: many become one transaction, and one read of each conversation."""
_FULL = {"conversations": 200, "changes": 200}
"""What one transaction has, approximately. On SQLite, a send may wait for it."""
LOOK_SECONDS = (2.0, 4.0)
"""The pause between two looks for conversations that are due."""
_RETRY_SECONDS = 1.0
_DUE_AT_ONCE = 100


class EpochSource(Protocol):
    async def get(self) -> Epoch:
        """Return the store's epoch. Raises StoreUnavailable."""


class Runner:
    def __init__(
        self,
        follower: Follower,
        *,
        inbox: Inbox,
        handler: Handler,
        store: Store,
        epochs: EpochSource,
        calls: Calls,
        owner: str,
    ) -> None:
        self.follower = follower
        self.inbox = inbox
        self._handler = handler
        self._epochs = epochs
        self._calls = calls
        self._looking = Look(follower.name, Checkpoints(follower.name, owner=owner))
        self._walk = Walk(follower.name, store=store, calls=calls, handler=handler, owner=owner)
        self._registered: Registration | None = None
        self._oldest_due: datetime | None = None
        self._looks = asyncio.Event()
        self._handling = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            start_task(repeat(self._work, failed="follower.failed")),
            start_task(repeat(self._look, failed="follower.look_failed")),
        ]

    async def stop(self) -> None:
        """Stop. Other processes find what is not handled."""
        await stop_tasks(*self._tasks)
        await self._handler.stop()
        self._tasks = []
        FOLLOWER_BEHIND_SECONDS.labels(self.follower.name).set(0)  # nothing updates it any more

    def wake(self) -> None:
        """Handle what is in the inbox."""
        self.inbox.wanted.set()

    def look(self) -> None:
        """Look for conversations that are due, at once."""
        self._looks.set()

    @property
    def handled(self) -> int:
        """Return how many changes this process has handled."""
        return self._handler.handled

    @property
    def behind(self) -> float:
        """Return for how many seconds the oldest change has waited that this process knows of;
        during a walk, the seconds since it began."""
        now, waits = datetime.now(UTC), [0.0]
        if self.inbox.oldest is not None:
            waits.append(time.monotonic() - self.inbox.oldest - _GATHER_SECONDS)
        if self._oldest_due is not None:
            waits.append((now - self._oldest_due).total_seconds())
        registered = self._registered
        if registered is not None and registered.walking_since is not None:
            waits.append((now - registered.walking_since).total_seconds())
        return max(waits)

    async def catch_up(self) -> None:
        """Handle everything that is in the inbox or due. For commands and tests. Raises
        StoreUnavailable."""
        registered = await self.register()
        while True:
            await self._handler.join()
            await self._look_once()
            async with self._handling:  # what was being handled is done
                if not self.inbox:
                    return
                await self._handle_first(registered)
            await self._handler.join()

    async def walk(self) -> WalkStep | None:
        """Run one step of the walk, see `Walk.step`."""
        await self.register()
        return await self._walk.step()

    async def _work(self) -> None:
        await self.inbox.wanted.wait()
        await asyncio.sleep(_GATHER_SECONDS)
        self.inbox.wanted.clear()
        urgent = True
        while self.inbox and urgent:
            try:
                registered = self._registered or await self.register()
                await self._handle_some(registered)
                urgent = self.inbox.is_urgent(**_FULL)
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_SECONDS)
        if self.inbox:  # what came meanwhile is gathered
            self.inbox.wanted.set()

    async def _handle_some(self, registered: Registration) -> None:
        async with self._handling:
            await self._handle_first(registered)

    async def _handle_first(self, registered: Registration) -> None:
        taken = self.inbox.take(**_FULL)
        try:
            await self._handler.handle(taken, registered)
        except BaseException:
            self._put_back(taken)
            raise

    def _put_back(self, taken: Sequence[Pending]) -> None:
        """Keep the ids: what of it was handled is read from the store."""
        for one in taken:
            self.inbox.add(one.conversation_id)

    async def _look(self) -> None:
        try:
            registered, walked = await self._look_once(), None
            if registered.walk_after is not None:
                walked = await self._walk.step()
        except StoreUnavailable:  # logged where it was noticed
            walked = None
        FOLLOWER_BEHIND_SECONDS.labels(self.follower.name).set(self.behind)
        if self.inbox:
            self.inbox.wanted.set()
        if walked is not None and not walked.complete:
            await asyncio.sleep(0.01)  # let other work in between
            return
        await until_wanted(self._looks, seconds=LOOK_SECONDS)

    async def register(self) -> Registration:
        """Read the registration, which begins anew after a restore. Raises StoreUnavailable."""
        epoch = await self._epochs.get()
        found = await self._calls.read("follow", get_registered, self.follower.name)
        return await self._register(found, epoch)

    async def _register(self, found: Registration | None, epoch: Epoch) -> Registration:
        known = self._registered
        if found is None or found.epoch != epoch.id:
            found = await self._calls.write("follow", register, self.follower, epoch=epoch.id)
        self._registered = found
        if known is not None and known.generation != self._registered.generation:
            self._handler.forget()
            self.inbox.forget_changes()
        return self._registered

    async def _look_once(self) -> Registration:
        """Read the registration, and what is due, in one call: a process at rest does little else.
        Raises StoreUnavailable."""
        epoch = await self._epochs.get()
        found, due = await self._calls.read("follow", self._looking.read, limit=_DUE_AT_ONCE)
        registered = await self._register(found, epoch)
        for conversation_id in due.conversation_ids:
            self.inbox.add(conversation_id)
        self._oldest_due = due.oldest
        return registered
