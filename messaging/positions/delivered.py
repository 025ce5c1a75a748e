"""Delivered positions: how far each participant's devices have received a conversation.

They move with every message, so they live in this process and in Redis, and reach the store at
most once a minute per person and conversation.

Not promised: a crash may lose the last minute. Whoever received a message acknowledges it again
with the next one.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.positions.shared import Key, SharedPositions
from messaging.redis.client import Client
from messaging.stores.conversations import Store
from messaging.stores.epochs import Epoch

logger = structlog.get_logger(__name__)

_STORE_SECONDS = 60.0
_TICK_SECONDS = 1.0
_WRITES_AT_ONCE = 8
_STOP_SECONDS = 5.0
_MAX_KNOWN = 100_000


@dataclass(slots=True, eq=False)
class _Position:
    seq: int
    due: float
    """When it may be stored next, on the monotonic clock."""
    begun: bool = False
    """Whether `seq` is not below what the store knows."""
    announced_read_seq: int = 0
    """How far the others were told here that its person has read."""


class DeliveredPositions:
    def __init__(self, store: Store, client: Client | None) -> None:
        self._store = store
        self._shared = SharedPositions(client, "delivered")
        self._known: OrderedDict[Key, _Position] = OrderedDict()
        self._unstored: OrderedDict[Key, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_task(self._work())

    async def stop(self) -> None:
        """Store what is not stored yet, for at most five seconds."""
        if self._task is not None:
            await stop_tasks(self._task)
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._store_due(float("inf"))
            except TimeoutError:
                logger.warning("delivered.not_stored", positions=len(self._unstored))

    def use_epoch(self, epoch: Epoch) -> None:
        """Share positions of this epoch from now on."""
        self._shared.use_epoch(epoch)

    def clear(self) -> None:
        """Forget everything, stored or not."""
        self._known.clear()
        self._unstored.clear()

    async def advance(
        self, conversation_id: str, user_id: str, seq: int, *, latest: bool = False
    ) -> bool:
        """Move somebody's position forward. False where it was there already.

        `latest`: it is the number of the latest message, which nobody's position is beyond. For
        others the position is looked up once, in Redis or else in the store.
        """
        key = (conversation_id, user_id)
        if not latest and not self._position(key).begun:
            await self._begin(key)
        position = self._position(key)
        position.begun = True
        if seq <= position.seq:
            return False
        position.seq = seq
        self._known.move_to_end(key)
        self._unstored.setdefault(key)
        self._shared.put(key, seq)
        return True

    def note_announced(self, conversation_id: str, user_id: str, read_seq: int) -> None:
        """The others were told here that somebody has read up to there."""
        position = self._position((conversation_id, user_id))
        position.announced_read_seq = max(position.announced_read_seq, read_seq)

    def known(self, conversation_id: str, user_id: str) -> int:
        """How far somebody is known in this process to have received; 0 where nothing is."""
        position = self._known.get((conversation_id, user_id))
        return 0 if position is None else position.seq

    def announced_read_seq(self, conversation_id: str, user_id: str) -> int:
        """How far the others were told here that somebody has read, as far as it is known."""
        position = self._known.get((conversation_id, user_id))
        return 0 if position is None else position.announced_read_seq

    async def positions(self, conversation_id: str, user_ids: list[str]) -> Mapping[str, int]:
        """What is known of these people, here and in Redis; ahead of the store by a minute."""
        known = await self._shared.get(conversation_id, user_ids)
        for user_id in user_ids:
            position = self._known.get((conversation_id, user_id))
            if position is not None:
                known[user_id] = max(position.seq, known.get(user_id, 0))
        return known

    async def _begin(self, key: Key) -> None:
        """Go on from what was known before this process. Where the store does not answer, from
        nothing: then the others may be told an older position once more."""
        conversation_id, user_id = key
        shared = await self._shared.get(conversation_id, [user_id])
        seq = shared.get(user_id)
        if seq is None:
            try:
                stored = await self._store.get_read_positions(user_id, [conversation_id])
            except StoreUnavailable:
                stored = {}
            found = stored.get(conversation_id)
            seq = 0 if found is None else max(found.read_seq, found.delivered_seq)
        position = self._position(key)
        position.seq = max(position.seq, seq)

    def _position(self, key: Key) -> _Position:
        position = self._known.get(key)
        if position is None:
            position = self._known[key] = _Position(0, time.monotonic() + _STORE_SECONDS)
            self._forget_oldest()
        return position

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            await self._shared.publish()
            await self._store_due(time.monotonic())

    async def _store_due(self, now: float) -> None:
        due = [key for key in self._unstored if self._known[key].due <= now]
        for start in range(0, len(due), _WRITES_AT_ONCE):
            keys = due[start : start + _WRITES_AT_ONCE]
            stored = await asyncio.gather(*(self._store_one(key) for key in keys))
            if not all(stored):
                return  # the store is away: all of it is due again with the next tick

    async def _store_one(self, key: Key) -> bool:
        position = self._known.get(key)
        if position is None:
            return True  # forgotten meanwhile
        seq = position.seq
        try:
            await self._store.advance_delivered(*key, seq)
        except StoreUnavailable:
            return False
        except Exception:
            # A fault of ours. It would be met with every tick, and is none of the others'.
            logger.exception("delivered.failed", conversation_id=key[0])
        position.due = time.monotonic() + _STORE_SECONDS
        if position.seq == seq:
            self._unstored.pop(key, None)
        return True

    def _forget_oldest(self) -> None:
        """Of those that are stored: the others are kept until they are, or until twice as many
        wait, the store being away. Their people acknowledge the next message as well."""
        if len(self._known) > _MAX_KNOWN:
            key = next(iter(self._known))
            if key in self._unstored and len(self._known) <= 2 * _MAX_KNOWN:
                self._known.move_to_end(key)
            else:
                del self._known[key]
                self._unstored.pop(key, None)
                self._shared.forget(key)
