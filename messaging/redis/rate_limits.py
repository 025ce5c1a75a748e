"""Rate limits, counted over all instances in Redis.

The generic cell rate algorithm (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm) keeps
one number per person and rule: the time at which all counted work is paid off. One round trip
counts and answers. While Redis does not answer, each instance counts by itself.
"""

import asyncio
import time
from dataclasses import dataclass

import redis.asyncio
from cachetools import LRUCache

from messaging.redis.client import UNREACHABLE, Outage

_REDIS_SECONDS = 0.25
_MAX_COUNTED = 50_000

_TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local count = tonumber(ARGV[3])
local kept = redis.pcall('GET', KEYS[1])
local paid_at = type(kept) == 'string' and tonumber(kept) or now
-- Another type, no number, or one that this script never reaches: somebody else has written it.
if not (paid_at > now and paid_at <= now + interval * (burst + 1)) then paid_at = now end
if count == 0 then return tostring(math.max(paid_at + interval - now - interval * burst, 0)) end
paid_at = paid_at + interval * count
local wait = paid_at - now - interval * burst
if count > 0 and wait > 0.000001 then return tostring(wait) end
if paid_at <= now then redis.call('DEL', KEYS[1]) return '0' end
redis.call('SET', KEYS[1], string.format('%.6f', paid_at),
           'PX', math.ceil((paid_at - now) * 1000))
return '0'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    name: str
    per_second: float
    burst: int
    """The burst after a rest."""

    @property
    def interval(self) -> float:
        return 1 / self.per_second


class Rates:
    def __init__(self, client: redis.asyncio.Redis | None) -> None:
        self._take_in_redis = None if client is None else client.register_script(_TAKE)
        self._alone = Outage("rates.counted_alone")
        self._paid_at: LRUCache[tuple[str, str], float] = LRUCache(_MAX_COUNTED)
        self._refused_until: LRUCache[tuple[str, str], float] = LRUCache(_MAX_COUNTED)

    async def take(self, rate: Rate, user_id: str, *, count: int = 1) -> float:
        """Count so many, and return 0.0. Without room, count nothing, and return the seconds to
        wait."""
        key, now = (rate.name, user_id), time.monotonic()
        refused = self._refused_until.get(key, 0.0) - now
        if refused > 0 and count in {0, 1}:  # so that a flood costs no round trips
            return refused
        if self._take_in_redis is None or not self._alone.may_ask():
            return self._take_here(rate, key, now, count)
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                answer = await self._take_in_redis(
                    keys=[f"chat:rate:{rate.name}:{user_id}"],
                    args=[rate.interval, rate.burst, count],
                )
        except UNREACHABLE as error:
            self._alone.failed(error)
            return self._take_here(rate, key, now, count)
        self._alone.over()
        wait = float(answer)
        if wait > 0 and count in {0, 1}:
            self._refused_until[key] = time.monotonic() + wait
        return wait

    def take_here(self, rate: Rate, user_id: str, *, count: int = 1) -> float:
        """Call `take`, counting on this instance alone."""
        return self._take_here(rate, (rate.name, user_id), time.monotonic(), count)

    def charge_here(self, rate: Rate, user_id: str, *, count: int) -> float:
        """Count so many on this instance alone, even without room: it is done already. Return the
        seconds by which this exceeds the burst, or 0.0. The debt is at most another burst."""
        key, now = (rate.name, user_id), time.monotonic()
        burst = rate.interval * rate.burst
        paid_at = max(self._paid_at.get(key, now), now) + rate.interval * count
        self._paid_at[key] = min(paid_at, now + 2 * burst)
        return paid_at - now - burst if paid_at - now - burst > 1e-6 else 0.0

    async def seconds_until_room(self, rate: Rate, user_id: str) -> float:
        """Return the seconds until there is room for one more, or 0.0. Count nothing.

        This asks Redis. A refusal that is still in force answers without a round trip, and while
        Redis does not answer, this process's own count does."""
        return await self.take(rate, user_id, count=0)

    def seconds_until_room_here(self, rate: Rate, user_id: str) -> float:
        """Return the seconds until there is room for one more by this process's own count, or 0.0.
        Count nothing."""
        now = time.monotonic()
        paid_at = max(self._paid_at.get((rate.name, user_id), now), now)
        return max(paid_at + rate.interval - now - rate.interval * rate.burst, 0.0)

    async def give_back(self, rate: Rate, user_id: str, *, count: int) -> None:
        """Give back what was counted for work that did not happen."""
        self._refused_until.pop((rate.name, user_id), None)
        await self.take(rate, user_id, count=-count)

    def _take_here(self, rate: Rate, key: tuple[str, str], now: float, count: int) -> float:
        if count == 0:
            return self.seconds_until_room_here(rate, key[1])
        paid_at = max(self._paid_at.get(key, now), now) + rate.interval * count
        wait = paid_at - now - rate.interval * rate.burst
        if count > 0 and wait > 1e-6:
            return wait
        self._paid_at[key] = paid_at
        return 0.0
