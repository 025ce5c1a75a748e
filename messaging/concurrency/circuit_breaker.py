"""The circuit breaker: while a dependency does not answer, calls to it fail at once, or go another
way."""

import math
import time
from collections.abc import Sequence

from prometheus_client import Gauge


class CircuitBreaker:
    """Opens after a number of failures in a row. While it is open, one call after each pause tries
    whether the dependency answers again. The first answer closes it.

    Callers ask `allows` before a call, and report its end by `answered` or `failed`.
    """

    def __init__(
        self,
        *,
        failures: int,
        pauses: Sequence[float] = (1.0,),
        gauge: Gauge | None = None,
    ) -> None:
        """Create a closed breaker that opens after `failures` failures in a row. `pauses` are the
        seconds until the next try: the first after the failure that opened it, and so on; the last
        one repeats. `gauge` is 1 while the breaker is open."""
        self._most_failures = failures
        self._pauses = pauses
        self._gauge = gauge
        self._failures = 0
        self._next_try = 0.0
        self._tries = 0
        """Calls that were allowed while it is open, and whose end was not reported yet."""
        self._answered_at = -math.inf

    @property
    def open(self) -> bool:
        return self._failures >= self._most_failures

    @property
    def failing(self) -> bool:
        """Return whether the latest call failed."""
        return self._failures > 0

    @property
    def seconds_since_answer(self) -> float:
        """Return the seconds since the last answer; infinite if there was none."""
        return time.monotonic() - self._answered_at

    @property
    def pause(self) -> float:
        """Return the seconds from the latest failure to the next try; 0.0 while it is closed."""
        if not self.open:
            return 0.0
        return self._pauses[min(self._failures - self._most_failures, len(self._pauses) - 1)]

    def allows(self) -> bool:
        """Return whether a call may be made now. While the breaker is open, this takes the one try
        of the pause."""
        if not self.open:
            return True
        now = time.monotonic()
        if now < self._next_try:
            return False
        self._next_try = now + self.pause
        self._tries += 1
        return True

    def answered(self) -> bool:
        """Close the breaker. Return whether it was open."""
        was_open = self._failures >= self._most_failures
        self._failures = self._tries = 0
        self._answered_at = time.monotonic()
        if was_open and self._gauge is not None:
            self._gauge.set(0)
        return was_open

    def failed(self) -> bool:
        """Count a failure. Return whether it opened the breaker. While it is open, only failures of
        tries count: calls that began before it opened say nothing new."""
        if self.open:
            if self._tries == 0:
                return False
            self._tries -= 1
        self._failures += 1
        self._next_try = time.monotonic() + self.pause
        opened = self._failures == self._most_failures
        if opened and self._gauge is not None:
            self._gauge.set(1)
        return opened
