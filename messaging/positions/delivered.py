"""Delivered positions: how far each participant's devices have received a conversation.

They move with every message. So they are stored in this process and in Redis, and written to the
store at most once a minute per person and conversation.

Not promised: a crash may lose the last minute. The next message moves the position again.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from messaging.concurrency.loops import repeat
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
    """When it may be stored next, by the monotonic clock."""
    begun: bool = False
    """Whether `seq` is at least the store's value."""
    announced_read_seq: int = 0
    """The highest `read_seq` of this person that was announced to the others here."""


def _nobody(user_id: str) -> bool:
    return False


class DeliveredPositions:
    def __init__(
        self, store: Store, client: Client | None, *, barred: Callable[[str], bool] = _nobody
    ) -> None:
        """Create the positions. Those of people who are `barred` are dropped instead of stored: an
        erasure bars a person, and what was stored after it would stay."""
        self._store = store
        self._barred = barred
        self._shared = SharedPositions(client, "delivered")
        self._known: OrderedDict[Key, _Position] = OrderedDict()
        self._unstored: OrderedDict[Key, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_task(repeat(self._tick, failed="delivered.failed"))

    async def stop(self) -> None:
        """Store the unstored positions, for at most five seconds."""
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
        """Drop everything, stored or not."""
        self._known.clear()
        self._unstored.clear()

    def forget(self, user_id: str) -> None:
        """Drop what is known of a person, stored or not: an erasure has removed it from the store
        and from Redis. Otherwise it would be shown to others if the person comes back."""
        for key in [key for key in self._known if key[1] == user_id]:
            self._drop(key)

    async def advance(
        self, conversation_id: str, user_id: str, seq: int, *, latest: bool = False
    ) -> bool:
        """Move a person's position forward. Return False if it was there already.

        `latest`: `seq` is that of the latest message, so no position is beyond it. Otherwise the
        position is looked up once, in Redis or in the store.
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
        """Record that this `read_seq` of a person was announced to the others here."""
        position = self._position((conversation_id, user_id))
        position.announced_read_seq = max(position.announced_read_seq, read_seq)

    def known(self, conversation_id: str, user_id: str) -> int:
        """Return how far a person has received, as far as this process knows; 0 if unknown."""
        position = self._known.get((conversation_id, user_id))
        return 0 if position is None else position.seq

    def announced_read_seq(self, conversation_id: str, user_id: str) -> int:
        """Return the highest `read_seq` of a person that was announced to the others here; 0 if
        unknown."""
        position = self._known.get((conversation_id, user_id))
        return 0 if position is None else position.announced_read_seq

    async def positions(self, conversation_id: str, user_ids: list[str]) -> Mapping[str, int]:
        """Return the known positions of these people, here and in Redis; up to a minute ahead of
        the store."""
        known = await self._shared.get(conversation_id, user_ids)
        for user_id in user_ids:
            position = self._known.get((conversation_id, user_id))
            if position is not None:
                known[user_id] = max(position.seq, known.get(user_id, 0))
        return known

    async def _begin(self, key: Key) -> None:
        """Continue from the position in Redis or the store. If neither answers, continue from 0:
        then an older position may be announced once more."""
        conversation_id, user_id = key
        shared = await self._shared.get(conversation_id, [user_id])
        seq = shared.get(user_id)
        if seq is None:
            try:
                stored = await self._store.get_read_positions(user_id, [conversation_id])
            except StoreUnavailable:
                stored = {}
            before = stored.get(conversation_id)
            seq = 0 if before is None else max(before.read_seq, before.delivered_seq)
        position = self._position(key)
        position.seq = max(position.seq, seq)

    def _position(self, key: Key) -> _Position:
        position = self._known.get(key)
        if position is None:
            position = self._known[key] = _Position(0, time.monotonic() + _STORE_SECONDS)
            self._forget_oldest()
        return position

    async def _tick(self) -> None:
        await asyncio.sleep(_TICK_SECONDS)
        await self._shared.publish()
        await self._store_due(time.monotonic())

    async def _store_due(self, now: float) -> None:
        for key in [key for key in self._unstored if self._barred(key[1])]:
            self._drop(key)
        due = [key for key in self._unstored if self._known[key].due <= now]
        for start in range(0, len(due), _WRITES_AT_ONCE):
            keys = due[start : start + _WRITES_AT_ONCE]
            stored = await asyncio.gather(*(self._store_one(key) for key in keys))
            if not all(stored):
                return  # the store is down: everything is due again at the next tick

    async def _store_one(self, key: Key) -> bool:
        position = self._known.get(key)
        if position is None:
            return True  # evicted meanwhile
        seq = position.seq
        try:
            await self._store.advance_delivered(*key, seq)
        except StoreUnavailable:
            return False
        except Exception:
            # A bug. It would occur at every tick, and must not affect the others.
            logger.exception("delivered.failed", conversation_id=key[0])
        position.due = time.monotonic() + _STORE_SECONDS
        if position.seq == seq:
            self._unstored.pop(key, None)
        return True

    def _forget_oldest(self) -> None:
        """Evict a position that is stored. The others are kept until they are stored, or until
        twice as many wait because the store is unavailable."""
        if len(self._known) > _MAX_KNOWN:
            key = next(iter(self._known))
            if key in self._unstored and len(self._known) <= 2 * _MAX_KNOWN:
                self._known.move_to_end(key)
            else:
                self._drop(key)

    def _drop(self, key: Key) -> None:
        del self._known[key]
        self._unstored.pop(key, None)
        self._shared.forget(key)
