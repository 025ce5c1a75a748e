"""Acknowledgements: up to which message somebody has certainly seen a conversation.

Unlike delivered positions they move only by a connection that somebody is using (or by reading):
a forgotten tab receives everything, and nobody sees it. Who acknowledged is not rung.

They live in this process and, a moment later, in Redis, where the worker looks.

Not promised: with Redis gone, what was acknowledged on other instances is not known here.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import redis.asyncio

from messaging.delivery.redis_client import TIMEOUT_SECONDS, UNREACHABLE, Outage
from messaging.tasks import start_task, stop_tasks

_GATHER_SECONDS = 0.2
_REDIS_SECONDS = 24 * 3600
_MOST_KNOWN = 100_000
_PUBLISHED_AT_ONCE = 1_000
_RETRY_SECONDS = 1.0

_Key = tuple[str, str]


class Acknowledgements:
    def __init__(self, client: redis.asyncio.Redis | None) -> None:
        self._redis = client
        self._known: OrderedDict[_Key, int] = OrderedDict()
        self._unpublished: dict[_Key, None] = {}
        """The first first, and no more than are known."""
        self._unknown = Outage("acknowledged.unknown")
        self._unwritten = Outage("acknowledged.not_published")
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._redis is not None:
            self._task = start_task(self._work(self._redis))

    async def stop(self) -> None:
        if self._redis is not None and self._task is not None:
            await stop_tasks(self._task)
            await self._publish(self._redis)

    def advance(self, conversation_id: str, user_id: str, seq: int) -> None:
        """Somebody has seen everything up to here."""
        key = (conversation_id, user_id)
        if seq <= self._known.get(key, 0):
            return
        self._known[key] = seq
        self._known.move_to_end(key)
        if len(self._known) > _MOST_KNOWN:
            forgotten, _ = self._known.popitem(last=False)
            self._unpublished.pop(forgotten, None)
        if self._redis is not None:
            self._unpublished[key] = None
            self._wake.set()

    async def positions(self, conversation_id: str, user_ids: Sequence[str]) -> Mapping[str, int]:
        """What is known of these people, here and in Redis; whoever is left out may have seen
        anything."""
        known = await self._in_redis(conversation_id, user_ids)
        for user_id in user_ids:
            seq = self._known.get((conversation_id, user_id))
            if seq is not None:
                known[user_id] = max(seq, known.get(user_id, 0))
        return known

    async def _in_redis(self, conversation_id: str, user_ids: Sequence[str]) -> dict[str, int]:
        if self._redis is None or not user_ids:
            return {}
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.zmscore(_redis_key(conversation_id), list(user_ids))
                (values,) = await pipeline.execute()
        except UNREACHABLE as error:
            self._unknown.failed(error)
            return {}
        self._unknown.over()
        pairs = zip(user_ids, values, strict=True)
        return {user_id: int(value) for user_id, value in pairs if value is not None}

    async def _work(self, client: redis.asyncio.Redis) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if await self._publish(client):
                await asyncio.sleep(_GATHER_SECONDS)
            else:
                self._wake.set()
                await asyncio.sleep(_RETRY_SECONDS)

    async def _publish(self, client: redis.asyncio.Redis) -> bool:
        """False where Redis has not taken all of it: the rest stays to be published."""
        waiting = list(self._unpublished)
        for start in range(0, len(waiting), _PUBLISHED_AT_ONCE):
            keys = waiting[start : start + _PUBLISHED_AT_ONCE]
            some = {key: self._known[key] for key in keys if key in self._unpublished}
            pipeline = client.pipeline(transaction=False)
            for conversation_id, positions in by_conversation(some).items():
                name = _redis_key(conversation_id)
                pipeline.zadd(name, positions, gt=True)  # never back, whoever else writes
                pipeline.expire(name, _REDIS_SECONDS)
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await pipeline.execute()
            except UNREACHABLE as error:
                self._unwritten.failed(error)
                return False
            self._unwritten.over()
            for key, seq in some.items():
                if self._known.get(key) == seq:  # else it has moved, or is forgotten
                    self._unpublished.pop(key, None)
        return True


def by_conversation(positions: Mapping[tuple[str, str], int]) -> Mapping[str, dict[str, int]]:
    """Positions by conversation and person, as one command each takes them."""
    found: dict[str, dict[str, int]] = {}
    for (conversation_id, user_id), seq in positions.items():
        found.setdefault(conversation_id, {})[user_id] = seq
    return found


def _redis_key(conversation_id: str) -> str:
    return f"chat:acknowledged:{conversation_id}"
