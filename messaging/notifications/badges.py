"""Badges: for each person, the unread conversations for which a push was sent.

Their number is the badge on the app's icon. They are stored in Redis, where every instance and
worker sees them. Without a configured Redis they are stored in this process.

Not promised: while Redis is down there is no badge, and nothing is cleared. If Redis loses them,
counting starts again with the next notification.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import redis.asyncio
from cachetools import LRUCache
from redis.asyncio.client import Pipeline

from messaging.redis.client import TIMEOUT_SECONDS, UNREACHABLE, Outage
from messaging.redis.untrusted_values import answers_of, as_number

_REDIS_SECONDS = 30 * 24 * 3600
_MAX_PEOPLE = 100_000
_MAX_CONVERSATIONS = 1_000
"""The bound per person: other people decide in how many conversations a person is notified."""

# If another client has changed the type of the key, it is created again.
_DELETE_OTHER_TYPE = """
if type(redis.pcall('HLEN', KEYS[1])) == 'table' then redis.call('DEL', KEYS[1]) end
"""
_ADD = (
    _DELETE_OTHER_TYPE
    + """
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept or redis.call('HLEN', KEYS[1]) < tonumber(ARGV[3]) then
  if (tonumber(kept or 0) or 0) < tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return redis.call('HLEN', KEYS[1])
"""
)
_DISCARD = (
    _DELETE_OTHER_TYPE
    + """
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept then return -1 end
local seq = tonumber(kept)
if seq and seq > tonumber(ARGV[2]) and seq <= 9007199254740992 then return -1 end
redis.call('HDEL', KEYS[1], ARGV[1])
return redis.call('HLEN', KEYS[1])
"""
)


Key = tuple[str, str]
"""A conversation and a person."""


class Badges:
    def __init__(self, client: redis.asyncio.Redis | None) -> None:
        self._redis = client
        self._add_in_redis = None if client is None else client.register_script(_ADD)
        self._discard_in_redis = None if client is None else client.register_script(_DISCARD)
        self._unknown = Outage("badges.unknown")
        self._here: LRUCache[str, dict[str, int]] = LRUCache(_MAX_PEOPLE)

    async def add(
        self, conversation_id: str, seq: int, user_ids: Sequence[str]
    ) -> Mapping[str, int]:
        """Record that these people are notified of message number `seq`. If two overlap, the later
        message counts, whichever is pushed first.

        Returns each person's number of such conversations, without people for whom it is unknown.
        """
        if self._add_in_redis is None:
            return {user_id: self._add_here(conversation_id, seq, user_id) for user_id in user_ids}
        arguments = (conversation_id, seq, _MAX_CONVERSATIONS, _REDIS_SECONDS)
        script = self._add_in_redis

        async def ask(pipeline: Pipeline) -> None:
            for user_id in user_ids:
                await script(keys=[_redis_key(user_id)], args=arguments, client=pipeline)

        return dict(zip(user_ids, await self._execute(ask), strict=False))

    async def discard(self, read: Mapping[Key, int]) -> Mapping[Key, int]:
        """Record how far people have read conversations, in one round trip.

        Returns the people and conversations with a notification of a message that was read, each
        with the person's remaining number of conversations.
        """
        script = self._discard_in_redis
        if script is None:
            counts: Sequence[int] = [self._discard_here(*key, read[key]) for key in read]
        else:

            async def ask(pipeline: Pipeline) -> None:
                for (conversation_id, user_id), up_to in read.items():
                    arguments = (conversation_id, up_to)
                    await script(keys=[_redis_key(user_id)], args=arguments, client=pipeline)

            counts = await self._execute(ask)
        return {key: count for key, count in zip(read, counts, strict=False) if count >= 0}

    async def count(self, user_id: str) -> int | None:
        """Return the number of conversations for which a person has a notification; None if it is
        unknown."""
        if self._redis is None:
            return len(self._here.get(user_id, ()))

        async def ask(pipeline: Pipeline) -> None:
            pipeline.hlen(_redis_key(user_id))

        answers = await self._execute(ask)
        return as_number(answers[0]) if answers else None

    async def shown(self, conversation_id: str, user_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the number of the latest unread message that each of these people was notified of,
        without people for whom it is unknown."""
        if self._redis is None:
            every = [self._here.get(user_id, {}).get(conversation_id) for user_id in user_ids]
            return {u: seq for u, seq in zip(user_ids, every, strict=True) if seq is not None}

        async def ask(pipeline: Pipeline) -> None:
            for user_id in user_ids:
                pipeline.hget(_redis_key(user_id), conversation_id)

        answers = await self._execute(ask)
        return {
            user_id: seq
            for user_id, value in zip(user_ids, answers, strict=False)
            if (seq := as_number(value)) is not None
        }

    def forget_here(self, user_id: str) -> None:
        """Drop what this process knows about a person."""
        self._here.pop(user_id, None)

    async def _execute(self, fill: Callable[[Pipeline], Awaitable[None]]) -> Sequence[Any]:
        """Return the answers to commands in one round trip; none if Redis is down."""
        assert self._redis is not None
        if not self._unknown.may_ask():
            return []
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                await fill(pipeline)
                answers = await answers_of(pipeline)
        except UNREACHABLE as error:
            self._unknown.failed(error)
            return []
        self._unknown.over()
        return answers

    def _add_here(self, conversation_id: str, seq: int, user_id: str) -> int:
        here = self._here.setdefault(user_id, {})
        if len(here) < _MAX_CONVERSATIONS or conversation_id in here:
            here[conversation_id] = max(seq, here.get(conversation_id, 0))
        return len(here)

    def _discard_here(self, conversation_id: str, user_id: str, up_to: int) -> int:
        here = self._here.get(user_id, {})
        if here.get(conversation_id, up_to + 1) > up_to:
            return -1
        del here[conversation_id]
        if not here:
            del self._here[user_id]
        return len(here)


def _redis_key(user_id: str) -> str:
    return f"chat:notified:{user_id}"
