"""Positions that instances share through Redis: how far each participant has come in a
conversation, for one kind of position. A position only moves forward, whichever instance writes it.

Positions wait while Redis does not accept them. Not promised: without Redis, the positions of other
instances are unknown.
"""

import asyncio
from collections.abc import Mapping, Sequence

from messaging.redis.client import TIMEOUT_SECONDS, UNREACHABLE, Client, Outage
from messaging.redis.untrusted_values import answers_of, as_list, as_number
from messaging.stores.epochs import Epoch

_KEPT_SECONDS = 24 * 3600
_PUBLISHED_AT_ONCE = 1_000

Key = tuple[str, str]
"""A conversation and a person."""


class SharedPositions:
    def __init__(self, client: Client | None, name: str) -> None:
        """Create the positions of one kind. `name` is its name in Redis keys and in the log.
        Without a client nothing is shared."""
        self._redis = client
        self._name = name
        self._history = ""
        self._waiting: dict[Key, int] = {}
        """First in, first out."""
        self._unknown = Outage(f"{name}.unknown")
        self._unwritten = Outage(f"{name}.not_published")

    def use_epoch(self, epoch: Epoch) -> None:
        """Share positions of this epoch from now on. Those of other epochs are no longer read, and
        expire. The first epoch uses the keys of releases without epochs."""
        history = f"{epoch.id}:" if epoch.number else ""
        if history != self._history:
            self._history = history
            self._waiting.clear()

    def put(self, key: Key, seq: int) -> None:
        """Publish this position with the next `publish`."""
        if self._redis is not None:
            self._waiting[key] = seq

    def forget(self, key: Key) -> None:
        self._waiting.pop(key, None)

    async def get(self, conversation_id: str, user_ids: Sequence[str]) -> dict[str, int]:
        """Return the positions that Redis has; none if it does not answer."""
        if self._redis is None or not user_ids or not self._unknown.may_ask():
            return {}
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.zmscore(self._redis_key(conversation_id), list(user_ids))
                (values,) = await answers_of(pipeline)
        except UNREACHABLE as error:
            self._unknown.failed(error)
            return {}
        self._unknown.over()
        pairs = zip(user_ids, as_list(values, len(user_ids)), strict=True)
        return {u: seq for u, value in pairs if (seq := as_number(value)) is not None}

    async def publish(self) -> bool:
        """Write the waiting positions. Return False if Redis has not accepted all of them; the rest
        stays."""
        if self._redis is None:
            return True
        keys = list(self._waiting)
        for start in range(0, len(keys), _PUBLISHED_AT_ONCE):
            some = {
                key: self._waiting[key]
                for key in keys[start : start + _PUBLISHED_AT_ONCE]
                if key in self._waiting
            }
            pipeline = self._redis.pipeline(transaction=False)
            for conversation_id, positions in _by_conversation(some).items():
                name = self._redis_key(conversation_id)
                pipeline.zadd(name, positions, gt=True)  # never back, whichever instance writes
                pipeline.expire(name, _KEPT_SECONDS)
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await answers_of(pipeline)
            except UNREACHABLE as error:
                self._unwritten.failed(error)
                return False
            self._unwritten.over()
            for key, seq in some.items():
                if self._waiting.get(key) == seq:  # otherwise it has moved, or was evicted
                    del self._waiting[key]
        return True

    def _redis_key(self, conversation_id: str) -> str:
        return f"chat:{self._name}:{self._history}{conversation_id}"


def _by_conversation(positions: Mapping[Key, int]) -> Mapping[str, dict[str, int]]:
    """Group positions by conversation: one command each."""
    grouped: dict[str, dict[str, int]] = {}
    for (conversation_id, user_id), seq in positions.items():
        grouped.setdefault(conversation_id, {})[user_id] = seq
    return grouped
