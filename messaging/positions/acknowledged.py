"""Acknowledgements: the last message of a conversation that a person has certainly seen.

Delivered positions move on any device. Acknowledgements move only by a connection that a person is
using, or by reading: a forgotten tab receives everything, and nobody sees it. A person who
acknowledged a message gets no push for it.

They are stored in this process and, a moment later, in Redis, where workers read them.

Not promised: without Redis, acknowledgements on other instances are unknown here.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.positions.shared import Key, SharedPositions
from messaging.redis.client import Client
from messaging.stores.epochs import Epoch

_GATHER_SECONDS = 0.2
_MAX_KNOWN = 100_000
_RETRY_SECONDS = 1.0


class Acknowledgements:
    def __init__(self, client: Client | None) -> None:
        self._shared = SharedPositions(client, "acknowledged")
        self._known: OrderedDict[Key, int] = OrderedDict()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_task(repeat(self._publish, failed="acknowledged.failed"))

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)
            await self._shared.publish()

    def use_epoch(self, epoch: Epoch) -> None:
        """Share acknowledgements of this epoch from now on."""
        self._shared.use_epoch(epoch)

    def clear(self) -> None:
        """Drop everything."""
        self._known.clear()

    def advance(self, conversation_id: str, user_id: str, seq: int) -> None:
        """Record that a person has seen everything up to here."""
        key = (conversation_id, user_id)
        if seq <= self._known.get(key, 0):
            return
        self._known[key] = seq
        self._known.move_to_end(key)
        if len(self._known) > _MAX_KNOWN:
            forgotten, _ = self._known.popitem(last=False)
            self._shared.forget(forgotten)
        self._shared.put(key, seq)
        self._wake.set()

    async def positions(self, conversation_id: str, user_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the known positions of these people, here and in Redis. A missing person is
        unknown."""
        known = await self._shared.get(conversation_id, user_ids)
        for user_id in user_ids:
            seq = self._known.get((conversation_id, user_id))
            if seq is not None:
                known[user_id] = max(seq, known.get(user_id, 0))
        return known

    async def _publish(self) -> None:
        await self._wake.wait()
        self._wake.clear()
        published = False
        try:
            published = await self._shared.publish()
        finally:
            if not published:
                self._wake.set()
        await asyncio.sleep(_GATHER_SECONDS if published else _RETRY_SECONDS)
