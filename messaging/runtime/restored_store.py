"""Handles a change of the store under a running instance.

After the restore of a backup, all earlier state is invalid. After a move to the other kind of
store, the state is the same, but tokens and the clock are others.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from messaging.concurrency.retries import until_answered
from messaging.concurrency.tasks import TaskSet
from messaging.delivery.hub.hub import Hub
from messaging.delivery.link.epoch_watch import EpochWatch
from messaging.delivery.link.polling import Polling
from messaging.stores.conversations import Store
from messaging.stores.epochs import Epoch


class Clearable(Protocol):
    """A cache of the store's answers."""

    def clear(self) -> None: ...


class Shared(Clearable, Protocol):
    """Positions that instances share during an epoch."""

    def use_epoch(self, epoch: Epoch) -> None: ...


class SwitchedStore:
    """Goes on with the other kind of store."""

    def __init__(self, cache: Clearable, polling: Polling, epochs: EpochWatch) -> None:
        """`cache` holds tokens of the store."""
        self._cache = cache
        self._polling = polling
        self._epochs = epochs

    def switched(self) -> None:
        """Drop the tokens, and read once what has changed: other instances may have switched, and
        committed, a moment before."""
        self._cache.clear()
        self._polling.store_switched()
        self._epochs.look_soon()


class RestoredStore:
    """Receives the changes of `EpochWatch`."""

    def __init__(
        self,
        *,
        store: Store,
        hub: Hub,
        caches: Sequence[Clearable],
        shared: Sequence[Shared],
        background: TaskSet[None],
    ) -> None:
        self._store = store
        self._hub = hub
        self._caches = caches
        self._shared = shared
        self._background = background

    @property
    def last_changed(self) -> str | None:
        return self._hub.last_changed

    def epoch_learned(self, epoch: Epoch) -> None:
        for positions in self._shared:
            positions.use_epoch(epoch)

    def epoch_changed(self, epoch: Epoch) -> None:
        """Drop all earlier state and close all sockets: their clients reconnect, see the new epoch
        and load everything again."""
        self._store.witness.forget()
        for cache in (*self._caches, *self._shared):
            cache.clear()
        self.epoch_learned(epoch)
        self._hub.forget_everything()
        self._background.start(self._limit_positions())

    async def _limit_positions(self) -> None:
        """Move back the positions that this instance wrote before it knew of the restore. Repeat it
        once for writes that were in flight."""
        for seconds in (0.0, self._store.timeout):
            await asyncio.sleep(seconds)
            for conversation_id, user_ids in self._store.witness.pop_positions().items():
                await until_answered(partial(self._limit_in, conversation_id, user_ids))

    async def _limit_in(self, conversation_id: str, user_ids: Sequence[str]) -> None:
        conversation = await self._store.get_conversation(conversation_id)
        if conversation is not None:
            for user_id in user_ids:
                await self._store.limit_position(conversation_id, user_id, conversation.seq)
