"""The circuit breaker of a store: during an outage it fails in milliseconds instead of seconds."""

import math
import time

from prometheus_client import Gauge

from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import STORE_BREAKER_OPEN

_FAILURES = 5
_OPEN_SECONDS = 1.0


class CircuitBreaker:
    """Opens after five calls in a row without an answer. While it is open, calls fail at once,
    except one a second that tries whether the store answers again.

    A refusal (a conflict, a missing index) is an answer.
    """

    def __init__(self, *, failures: int = _FAILURES, gauge: Gauge = STORE_BREAKER_OPEN) -> None:
        """Create a breaker that opens after `failures` failures in a row. `gauge` is 1 while it is
        open."""
        self._most_failures = failures
        self._gauge = gauge
        self._failures = 0
        self._next_try = 0.0
        self._answered_at = -math.inf

    @property
    def open(self) -> bool:
        return self._failures >= self._most_failures

    @property
    def seconds_since_answer(self) -> float:
        return time.monotonic() - self._answered_at

    def require_closed(self) -> None:
        """Require a closed breaker. Raises StoreUnavailable while it is open."""
        if self.open:
            now = time.monotonic()
            if now < self._next_try:
                raise StoreUnavailable
            self._next_try = now + _OPEN_SECONDS

    def answered(self) -> None:
        self._answered_at = time.monotonic()
        if self.open:
            self._gauge.set(0)
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures == self._most_failures:
            self._gauge.set(1)
        if self.open:
            self._next_try = time.monotonic() + _OPEN_SECONDS
