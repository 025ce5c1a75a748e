"""What rang: the conversations for which somebody has a notification that they have not read.

Their number is the badge on the app's icon. They live in Redis, where every instance and the
worker see them; without a configured Redis in this process.

Not promised: with Redis gone there is no badge, and nothing is cleared; what Redis forgets is
counted again from the next notification on.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import redis.asyncio

from messaging.delivery.redis_client import TIMEOUT_SECONDS, UNREACHABLE, Outage

_REDIS_SECONDS = 30 * 24 * 3600
_MOST_PEOPLE = 100_000


class Rung:
    def __init__(self, client: redis.asyncio.Redis | None) -> None:
        self._redis = client
        self._unknown = Outage("rung.unknown")
        self._here: OrderedDict[str, set[str]] = OrderedDict()

    async def add(self, conversation_id: str, user_ids: Sequence[str]) -> Mapping[str, int]:
        """These people are being notified; returns each one's number of such conversations,
        without those of whom it is not known."""
        if self._redis is None:
            return {user_id: self._add_here(conversation_id, user_id) for user_id in user_ids}
        if not self._unknown.may_ask():
            return {}
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                for user_id in user_ids:
                    key = _redis_key(user_id)
                    pipeline.sadd(key, conversation_id)
                    pipeline.expire(key, _REDIS_SECONDS)
                    pipeline.scard(key)
                answers = await pipeline.execute()
        except UNREACHABLE as error:
            self._unknown.failed(error)
            return {}
        self._unknown.over()
        return dict(zip(user_ids, answers[2::3], strict=True))

    async def discard(self, conversation_id: str, user_id: str) -> bool:
        """Somebody has read all of a conversation. True where they have a notification of it."""
        if self._redis is None:
            here = self._here.get(user_id, set())
            found = conversation_id in here
            here.discard(conversation_id)
            return found
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.srem(_redis_key(user_id), conversation_id)
                (removed,) = await pipeline.execute()
        except UNREACHABLE as error:
            self._unknown.failed(error)
            return False
        self._unknown.over()
        return bool(removed)

    def _add_here(self, conversation_id: str, user_id: str) -> int:
        here = self._here.setdefault(user_id, set())
        here.add(conversation_id)
        self._here.move_to_end(user_id)
        if len(self._here) > _MOST_PEOPLE:
            self._here.popitem(last=False)
        return len(here)


def _redis_key(user_id: str) -> str:
    return f"chat:rung:{user_id}"
