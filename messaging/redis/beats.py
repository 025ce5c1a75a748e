"""Beats: each instance renews its entry in Redis every second, and reads who has stopped doing so.

The entries are a sorted set: each member is an instance, and its score is the time of its last beat
by the clock of Redis. A beat answers with the silent instances alone, so its cost does not depend
on the number of instances. Every fifth beat also reads the names of all instances.

Not promised: while Redis refuses to write, nobody's silence is known.
"""

import asyncio
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from messaging.redis.client import TIMEOUT_SECONDS, UNREACHABLE, Client, Outage
from messaging.redis.untrusted_values import MAX_INSTANCES, note_garbage

BEATS = "chat:beats"
SILENT_SECONDS = 2.0
"""The time since the last beat after which an instance counts as silent."""
_KEPT_SECONDS = 60.0
NAMES_EVERY = 5
"""In beats."""
_MEMBER = re.compile(r"([A-Za-z0-9_-]{1,64})\.([0-9]{1,3})\.([0-9a-f]{8})\.([01])")

_BEAT = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1000000
local entered = redis.pcall('ZADD', KEYS[1], now, ARGV[1])
if type(entered) == 'table' and entered.err then
  if not string.find(entered.err, 'WRONGTYPE', 1, true) then return entered end
  -- Somebody else has written it.
  redis.call('DEL', KEYS[1])
  redis.call('ZADD', KEYS[1], now, ARGV[1])
end
redis.call('ZREM', KEYS[1], ARGV[6])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + 1, '+inf')  -- ahead of the clock: it would stay
local silent = redis.call('ZRANGE', KEYS[1], '-inf', now - ARGV[2], 'BYSCORE',
                          'LIMIT', 0, ARGV[4], 'WITHSCORES')
for place = 2, #silent, 2 do silent[place] = string.format('%.3f', now - silent[place]) end
local names = false
if ARGV[5] == '1' then names = redis.call('ZRANGE', KEYS[1], 0, ARGV[4], 'REV') end
return {silent, names}
"""


@dataclass(frozen=True, slots=True)
class Beating:
    """The state that an instance publishes with its beats."""

    reads: int
    """The highest version of messages that it reads."""
    addresses: str
    """The digest of the Redis addresses that it uses (`messaging.redis.hosts.digest_of`)."""
    quiet: bool = False
    """Whether the others know it by its beats alone: its beacons reach no other instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatsRead:
    silent: Mapping[str, float]
    """The seconds since the last beat, by boot id, of instances that have been silent for more than
    two seconds."""
    everyone: Mapping[str, Beating] | None
    """All instances, silent or not, by boot id; None if this beat did not read them."""


class Beats:
    def __init__(self, client: Client, *, boot_id: str, own: Beating, key: str = BEATS) -> None:
        self.own = own
        self._redis = client
        self._boot_id = boot_id
        self._key = key
        self._members = [f"{boot_id}.{own.reads}.{own.addresses}.{quiet}" for quiet in (0, 1)]
        self._script = client.register_script(_BEAT)
        self._count = 0
        self._unwritten = Outage("beats.not_written")

    async def beat(self, *, quiet: bool) -> BeatsRead | None:
        """Renew the own entry and read the others. `quiet`: whether the own beacons reach nobody
        else. Return None if Redis has refused it or has not answered within a second."""
        with_names = self._count % NAMES_EVERY == 0
        member, other = self._members[quiet], self._members[not quiet]
        seconds = (SILENT_SECONDS, _KEPT_SECONDS)
        arguments = (member, *seconds, MAX_INSTANCES, int(with_names), other)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._script(keys=[self._key], args=arguments)
        except UNREACHABLE as error:
            self._unwritten.failed(error)
            return None
        self._unwritten.over()
        self._count += 1
        silent, names = answer
        return BeatsRead(
            silent=self._ages(silent), everyone=self._everyone(names) if with_names else None
        )

    async def leave(self) -> None:
        """Remove the own entry, within a second."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._redis.zrem(self._key, *self._members)
        except UNREACHABLE:
            pass  # it counts as silent, and is removed later

    async def close(self) -> None:
        await self._redis.aclose()

    def _ages(self, silent: list[Any]) -> Mapping[str, float]:
        ages: dict[str, float] = {}
        for name, age in zip(silent[::2], silent[1::2], strict=False):
            parsed = _parse(name)
            seconds = float(age)
            if parsed is not None and math.isfinite(seconds):
                ages[parsed[0]] = seconds
        ages.pop(self._boot_id, None)
        return ages

    def _everyone(self, names: list[Any]) -> Mapping[str, Beating]:
        everyone = dict(filter(None, map(_parse, names)))
        everyone.pop(self._boot_id, None)
        return everyone


def _parse(name: object) -> tuple[str, Beating] | None:
    """Return the boot id and the rest of a member; None if another program has written it."""
    found = _MEMBER.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        note_garbage(f"beat {name!r}"[:100])
        return None
    return found[1], Beating(max(int(found[2]), 1), found[3], quiet=found[4] == "1")
