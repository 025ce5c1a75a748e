"""The epoch as this instance knows it: read every 30 seconds, and replaced in the store after an
unannounced restore.

Promises: if several instances detect a restore, one sets the new epoch. An instance reacts at once
to contradictions in the store's answers. It learns within 30 seconds of an epoch that another
instance or an operator has set. Each read also reads the conversation that changed last as far as
this instance knows, so that a restore is detected while nobody writes.
"""

import asyncio
import time
from datetime import datetime
from typing import Protocol

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.link.polling import StoreClock
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import is_stored_id
from messaging.instruments.metrics import EPOCH_CHANGES
from messaging.stores.conversations import Store
from messaging.stores.epochs import Epoch, EpochStore

logger = structlog.get_logger(__name__)

_LOOK_SECONDS = 30.0
_RETRY_SECONDS = 1.0
_APART_SECONDS = 1.0
"""The minimum time between two reads, however many reasons there are."""
_SETTLE_SECONDS = 5.0
"""The minimum time between two epochs that this instance sets: a restore in many steps contradicts
itself."""


class EpochListener(Protocol):
    """Receives the epoch and its changes."""

    @property
    def last_changed(self) -> str | None:
        """Return the id of the conversation of the latest known change."""

    def epoch_learned(self, epoch: Epoch) -> None:
        """Handle the first epoch that this instance knows."""

    def epoch_changed(self, epoch: Epoch) -> None:
        """Handle an epoch that replaces the known one: earlier state is invalid."""


class EpochWatch:
    def __init__(
        self,
        *,
        epochs: EpochStore,
        store: Store,
        listener: EpochListener,
    ) -> None:
        self._epochs = epochs
        self._store = store
        self._listener = listener
        self._known: Epoch | None = None
        self._clock = StoreClock()
        self._contradicted = False
        self._changed_at = float("-inf")
        self._wanted = asyncio.Event()
        self._looking = asyncio.Lock()
        self._pause = 0.0
        """The seconds until the next look, unless one is wanted before."""
        self._task: asyncio.Task[None] | None = None
        store.witness.on_contradiction = self._was_contradicted

    @property
    def current(self) -> Epoch | None:
        """Return the known epoch; None until it was read for the first time."""
        return self._known

    async def get(self) -> Epoch:
        """Return the epoch. It is read from the store only if it is unknown. Raises
        StoreUnavailable."""
        if self._known is None:
            async with self._looking:
                if self._known is None:
                    await self._look()
        assert self._known is not None
        return self._known

    def require(self, epoch: Epoch) -> None:
        """Require the same epoch as at `get`. Raises StoreUnavailable if it has changed: the read
        in between may belong to the previous epoch, and a retry helps."""
        if self._known != epoch:
            raise StoreUnavailable

    def store_time(self) -> datetime:
        """Return the store's time or slightly less. Call it once the epoch is known."""
        return self._clock.at(time.monotonic())

    def look_soon(self) -> None:
        """Read the epoch soon: something may have happened to the store."""
        self._wanted.set()

    def start(self) -> None:
        self._pause = 0.0 if self._known is None else _LOOK_SECONDS
        self._task = start_task(repeat(self._watch, failed="epoch.look_failed"))

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)

    async def _watch(self) -> None:
        try:
            async with asyncio.timeout(self._pause):
                await self._wanted.wait()
        except TimeoutError:
            pass
        self._wanted.clear()
        self._pause = _LOOK_SECONDS
        first = self._known is None
        try:
            async with self._looking:
                await self._look()
            if not first:
                await self._reread()
        except StoreUnavailable:
            self._pause = _RETRY_SECONDS
        finally:
            if self._contradicted:
                self._pause = _RETRY_SECONDS
        await asyncio.sleep(_APART_SECONDS)

    async def _look(self) -> None:
        """Read the epoch, and replace it if it cannot be the successor of the known one."""
        read = await self._epochs.read_epoch()
        epoch, known = read.epoch, self._known
        self._clock.note(read.read_at)
        if not epoch.follows(known) or (self._contradicted and known in {None, epoch}):
            if time.monotonic() - self._changed_at < _SETTLE_SECONDS:
                self._contradicted = True
                return
            above = epoch.number if known is None else max(epoch.number, known.number)
            epoch = await self._epochs.renew_epoch(instead_of=epoch.id, above=above)
        self._take(epoch)

    def _take(self, epoch: Epoch) -> None:
        known, self._known = self._known, epoch
        if known is None:
            self._listener.epoch_learned(epoch)
        elif known != epoch:
            self._contradicted = False
            self._changed_at = time.monotonic()
            logger.warning("epoch.changed", epoch=epoch.id, number=epoch.number, before=known.id)
            EPOCH_CHANGES.inc()
            self._listener.epoch_changed(epoch)

    async def _reread(self) -> None:
        """Read the latest change; the store's witness checks the answer."""
        for conversation_id in {self._store.witness.latest, self._listener.last_changed} - {None}:
            if conversation_id is not None and is_stored_id(conversation_id):
                await self._store.get_conversation(conversation_id)

    def _was_contradicted(self) -> None:
        self._contradicted = True
        self._wanted.set()
