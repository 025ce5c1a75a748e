"""Throttling: how much one person may do, over REST and over sockets together.

The numbers are among the limits that clients are shown. `CHAT_RATE_LIMITS=off` lifts them, for
load tests.
"""

import asyncio
import time
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import NoReturn

from django.conf import settings

from messaging.concurrency.turns import Turns
from messaging.domain.exceptions import RateLimited
from messaging.domain.limits import get_limits
from messaging.redis.rate_limits import Rate, Rates

_LIMITS = get_limits()

SENDS = Rate(name="sends", per_second=_LIMITS.sends_per_second, burst=_LIMITS.sends_burst)
TYPING = Rate(name="typing", per_second=1 / _LIMITS.typing_seconds, burst=1)
TYPING_STOPS = Rate(name="typing-stops", per_second=1 / _LIMITS.typing_seconds, burst=1)
"""Apart from the starts, or the first stop would come too late to be shown."""
REQUESTS = Rate(
    name="requests",
    per_second=_LIMITS.requests_per_minute / 60,
    burst=_LIMITS.requests_per_minute,
)
READS = Rate(name="reads", per_second=20, burst=100)
"""Of `receipt.read` on sockets, each of which may be a transaction of the store. It is no limit
that is shown: whoever reads faster need not say more than the last."""
SYNCED = Rate(name="synced", per_second=20, burst=1_000)
"""Of the conversations that `conversation.sync` names: each costs as many reads as a request. After
a rest a person may sync all of the latest conversations at once."""
COMMANDS = Rate(name="commands", per_second=200, burst=400)
"""Of any commands, however cheap they are, on all sockets of a person on one instance: more sockets
allow no more."""
VIOLATIONS = Rate(name="violations", per_second=8, burst=240)
"""On the same sockets together: four times what one of them may commit. A socket that is opened
anew does not begin from nothing."""

_REFUSAL_SECONDS = 0.1
_MAX_VIOLATIONS = 60
_VIOLATIONS_PER_SECOND = 2


async def require_rate(rates: Rates, rate: Rate, user_id: str, *, count: int = 1) -> None:
    """Count so many: over all instances in the instance's `rates`, on one in its `local_rates`,
    which need no round trip. Raises RateLimited, see `refuse`, and then nothing is counted."""
    wait = await seconds_until_room(rates, rate, user_id, count=count)
    if wait > 0:
        await refuse(wait)


async def seconds_until_room(rates: Rates, rate: Rate, user_id: str, *, count: int = 1) -> float:
    """Return 0.0 and count so many; or return how long somebody has to wait."""
    if not settings.CHAT_RATE_LIMITS:
        return 0.0
    return await rates.take(rate, user_id, count=count)


def turn(turns: Turns, key: str) -> AbstractAsyncContextManager[None]:
    """`Turns.turn`; without limits nothing waits."""
    return turns.turn(key) if settings.CHAT_RATE_LIMITS else nullcontext()


async def refuse(wait: float) -> NoReturn:
    """Raise RateLimited after a moment: whoever asks again and again has to wait for every answer,
    and costs the less."""
    await asyncio.sleep(_REFUSAL_SECONDS)
    raise RateLimited(wait)


class Bucket:
    """Something of one socket, so much at once and so much a second."""

    def __init__(self, *, most: int, per_second: float) -> None:
        self._most = most
        self._per_second = per_second
        self._level = 0.0
        self._at = time.monotonic()

    def overflows(self) -> bool:
        """Count one more. Never, where there are no limits."""
        now = time.monotonic()
        self._level = max(self._level - (now - self._at) * self._per_second, 0.0)
        self._at = now
        if self._level + 1 > self._most:
            return settings.CHAT_RATE_LIMITS is True
        self._level += 1
        return False


def violation_bucket() -> Bucket:
    """Unreadable frames and commands beyond the limits: who goes on and on is let go."""
    return Bucket(most=_MAX_VIOLATIONS, per_second=_VIOLATIONS_PER_SECOND)
