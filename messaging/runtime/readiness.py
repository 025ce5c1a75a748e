"""Readiness: whether the store answers, and whether the clock agrees with the store's.

Load balancers send several probes a second, and Firestore bills each read. So the results of real
calls count first, and the store is queried at most every five seconds, once for all waiting probes.
While it does not answer, it is queried every second, so that a recovery shows soon.
"""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from messaging.concurrency.tasks import start_task
from messaging.domain.exceptions import MessagingError
from messaging.domain.health import Condition
from messaging.instruments.metrics import CLOCK_SKEW_SECONDS

FRESH_SECONDS = 5.0
"""A recent answer makes another query unnecessary. So three instances cost at most 1.6 million
reads a month, however many probes arrive."""
_RETRY_SECONDS = 1.0
_PROBE_SECONDS = 2.0
_CLOCK_SECONDS = 60.0
"""How often the clocks are compared at least, however busy the store is."""
MAX_SKEW_SECONDS = 2.0


class Answering(Protocol):
    """The part of the store that is used here."""

    @property
    def condition(self) -> Condition: ...

    @property
    def seconds_since_answer(self) -> float: ...

    async def now(self) -> datetime: ...


class Readiness:
    def __init__(self, store: Answering, *, wall_clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._wall_clock = wall_clock
        self._asked_at = -math.inf
        self._answered = False
        self._skew: float | None = None
        self._compared_at = -math.inf
        self._asking: asyncio.Task[None] | None = None

    async def store(self) -> Condition:
        """Return the condition of the store, within two seconds."""
        if not self._is_fresh() and self._asking is None:
            self._asking = start_task(self._ask())
        if self._asking is not None and not (self._answered and self._is_fresh()):
            await asyncio.shield(self._asking)
        if self._store.condition is not Condition.OK:
            return self._store.condition
        return Condition.OK if self._answered else Condition.UNAVAILABLE

    @property
    def skew(self) -> float | None:
        """Return how many seconds this machine's clock is ahead of the store's; None if unknown."""
        return self._skew

    @property
    def clock(self) -> Condition:
        """Return degraded if this machine's clock is more than two seconds off the store's."""
        off = self._skew is not None and abs(self._skew) > MAX_SKEW_SECONDS
        return Condition.DEGRADED if off else Condition.OK

    def _is_fresh(self) -> bool:
        now = time.monotonic()
        since = now - self._asked_at
        if self._store.condition is Condition.UNAVAILABLE or not self._answered:
            return since < _RETRY_SECONDS
        if now - self._compared_at >= _CLOCK_SECONDS:
            return since < FRESH_SECONDS
        return min(since, self._store.seconds_since_answer) < FRESH_SECONDS

    async def _ask(self) -> None:
        begun = self._wall_clock()
        self._asked_at = time.monotonic()
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                at = await self._store.now()
        except (MessagingError, TimeoutError):
            self._answered = False
        else:
            self._answered = True
            ended = self._wall_clock()
            self._compared_at = time.monotonic()
            # In the middle of the round trip; half of it is the error of the comparison.
            skew = (begun + ended) / 2 - at.timestamp()
            if ended - begun < MAX_SKEW_SECONDS:
                self._skew = skew
                CLOCK_SKEW_SECONDS.set(skew)
        finally:
            self._asking = None
