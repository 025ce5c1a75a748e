"""What Redis keeps about a person: removed by an erasure.

All of it expires by itself: when the person acted last, after 30 days; the rest within a day or the
time of a rate. A person's rates are found by
walking through the keys, a thousand at a time.
"""

from messaging.domain.exceptions import StoreUnavailable
from messaging.redis.client import UNREACHABLE, Client
from messaging.redis.untrusted_values import answers_of

_AT_ONCE = 1_000
_SORTED_SETS = ("chat:delivered:", "chat:acknowledged:")
"""Positions by conversation; people are members."""
_SETS = ("chat:presence:users:",)
_OWN = ("chat:presence:acted:", "chat:notified:")
"""Keys that end with the user id."""
_RATES = "chat:rate:"
"""It is followed by the name of the rate and the user id."""


class RedisTraces:
    def __init__(self, client: Client | None) -> None:
        self._redis = client

    async def remove(self, user_id: str) -> int:
        """Remove everything about a person, and return how many keys that concerned. Raises
        StoreUnavailable while Redis does not answer."""
        if self._redis is None:
            return 0
        removed, cursor = 0, 0
        try:
            while True:
                cursor, keys = await self._redis.scan(cursor, match="chat:*", count=_AT_ONCE)
                removed += await self._remove_from(self._redis, user_id, keys)
                if not cursor:
                    return removed
        except UNREACHABLE as error:
            raise StoreUnavailable("Redis does not answer. The erasure goes on later.") from error

    async def _remove_from(self, client: Client, user_id: str, keys: list[str]) -> int:
        pipeline = client.pipeline(transaction=False)
        asked = 0
        for name in keys:
            if name.startswith(_SORTED_SETS):
                pipeline.zrem(name, user_id)
            elif name.startswith(_SETS):
                pipeline.srem(name, user_id)
            elif _belongs_to(name, user_id):
                pipeline.delete(name)
            else:
                continue
            asked += 1
        if not asked:
            return 0
        answers = await answers_of(pipeline)
        return sum(1 for answer in answers if isinstance(answer, int) and answer > 0)


def _belongs_to(name: str, user_id: str) -> bool:
    if any(name == prefix + user_id for prefix in _OWN):
        return True
    rate, _, person = name.removeprefix(_RATES).partition(":")
    return name.startswith(_RATES) and bool(rate) and person == user_id
