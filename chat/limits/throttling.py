"""Throttling: the rates of one person, over REST and sockets together.

Clients see the numbers among the limits. `CHAT_RATE_LIMITS=off` disables them for load tests.
"""

import asyncio
import time
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import NoReturn

from django.conf import settings

from messaging.concurrency.turns import Turns
from messaging.domain.cached_setting import cached_setting
from messaging.domain.exceptions import RateLimited
from messaging.domain.limits import Limits
from messaging.redis.rate_limits import Rate, Rates

READS = Rate(name="reads", per_second=20, burst=100)
"""The rate of `receipt.read` on sockets, each of which may be a transaction of the store. Clients
do not see this limit: a faster reader needs to send only the latest position."""
SYNCED = Rate(name="synced", per_second=20, burst=1_000)
"""The rate of conversations in `conversation.sync`: each costs as many reads as a request. After a
rest a person may sync all the latest conversations at once."""
COMMANDS = Rate(name="commands", per_second=200, burst=400)
"""The rate of all commands, however cheap, over all sockets of a person on one instance: more
sockets do not raise it."""
VIOLATIONS = Rate(name="violations", per_second=8, burst=240)
"""The rate of violations of a person on one instance, over REST and all sockets: four times that of
one socket. A new socket does not start from zero."""

_REFUSAL_SECONDS = 0.1
_BYTES_OF_A_VIOLATION = 4 * 1024
MAX_VIOLATIONS = 60
_VIOLATIONS_PER_SECOND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRates:
    """The rates that the public limits name."""

    sends: Rate
    typing: Rate
    typing_stops: Rate
    """Stops count separately; otherwise the first stop would be too late to show."""
    requests: Rate
    attachments: Rate
    """The files that a person announces."""
    searches: Rate


def person_rates(limits: Limits) -> PersonRates:
    """Return the rates of these limits."""
    typing_per_second = 1 / limits.typing_seconds
    return PersonRates(
        sends=Rate(name="sends", per_second=limits.sends_per_second, burst=limits.sends_burst),
        typing=Rate(name="typing", per_second=typing_per_second, burst=1),
        typing_stops=Rate(name="typing-stops", per_second=typing_per_second, burst=1),
        requests=Rate(
            name="requests",
            per_second=limits.requests_per_minute / 60,
            burst=limits.requests_per_minute,
        ),
        attachments=Rate(
            name="attachments",
            per_second=limits.attachments_per_minute / 60,
            burst=limits.attachments_per_minute,
        ),
        searches=Rate(
            name="searches",
            per_second=limits.searches_per_minute / 60,
            burst=limits.searches_per_minute,
        ),
    )


@cached_setting("CHAT_RATE_LIMITS")
def rates_apply() -> bool:
    """Return whether the rates of people are in force."""
    return bool(settings.CHAT_RATE_LIMITS)


async def require_rate(rates: Rates, rate: Rate, user_id: str, *, count: int = 1) -> None:
    """Count so many: over all instances in the instance's `rates`, or on one in its `local_rates`,
    which need no round trip. Without room, count nothing and raise RateLimited, see `refuse`."""
    wait = await seconds_until_room(rates, rate, user_id, count=count)
    if wait > 0:
        await refuse(wait)


async def seconds_until_room(rates: Rates, rate: Rate, user_id: str, *, count: int = 1) -> float:
    """Count so many and return 0.0. Without room, return the seconds to wait."""
    return await rates.take(rate, user_id, count=count) if rates_apply() else 0.0


def seconds_until_room_here(rates: Rates, rate: Rate, user_id: str) -> float:
    """Count one on this instance alone, and return 0.0. Without room, return the seconds to
    wait."""
    return rates.take_here(rate, user_id) if rates_apply() else 0.0


def violations_in(size: int) -> int:
    """Return how many violations a refused document of so many bytes counts as: the longer it is,
    the more it costs to refuse it."""
    return 1 + size // _BYTES_OF_A_VIOLATION


def count_violations_here(rates: Rates, user_id: str, count: int) -> bool:
    """Count violations of a person on this instance. Return whether they are too many."""
    return rates_apply() and rates.charge_here(VIOLATIONS, user_id, count=count) > 0


async def require_few_violations(rates: Rates, user_id: str) -> None:
    """Refuse a person who made too many violations on this instance. Raises RateLimited, see
    `refuse`."""
    wait = rates.seconds_until_room_here(VIOLATIONS, user_id) if rates_apply() else 0.0
    if wait > 0:
        await refuse(wait)


def turn(turns: Turns, key: str) -> AbstractAsyncContextManager[None]:
    """Run `Turns.turn`. Without limits nothing waits."""
    return turns.turn(key) if rates_apply() else nullcontext()


async def refuse(wait: float) -> NoReturn:
    """Raise RateLimited after a moment. A client that keeps asking must wait for every answer, and
    so costs less."""
    await asyncio.sleep(_REFUSAL_SECONDS)
    raise RateLimited(wait)


class Bucket:
    """A token bucket of one socket: a burst, and a rate per second."""

    def __init__(self, *, most: int, per_second: float) -> None:
        self._most = most
        self._per_second = per_second
        self._level = 0.0
        self._at = time.monotonic()

    def overflows(self, count: int = 1) -> bool:
        """Count so many more, and return whether it overflows. Without limits it never does."""
        now = time.monotonic()
        self._level = max(self._level - (now - self._at) * self._per_second, 0.0)
        self._at = now
        if self._level + count > self._most:
            return rates_apply()
        self._level += count
        return False


def violation_bucket() -> Bucket:
    """Return the bucket for violations of one socket. A client that overflows it is closed."""
    return Bucket(most=MAX_VIOLATIONS, per_second=_VIOLATIONS_PER_SECOND)
