"""Whether a store answers: during an outage its calls fail in milliseconds instead of seconds."""

import math
import time

from prometheus_client import Gauge

from messaging.concurrency.circuit_breaker import CircuitBreaker
from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import STORE_BREAKER_OPEN

_FAILURES = 5


class Availability:
    """A circuit breaker that opens after five calls in a row without an answer, and its gauge.

    A refusal (a conflict, a missing index) is an answer.
    """

    def __init__(self, *, failures: int = _FAILURES, gauge: Gauge = STORE_BREAKER_OPEN) -> None:
        """Create a closed breaker. `gauge` is 1 while it is open."""
        self._breaker = CircuitBreaker(failures=failures)
        self._gauge = gauge
        self._answered_at = -math.inf

    @property
    def open(self) -> bool:
        return self._breaker.open

    @property
    def seconds_since_answer(self) -> float:
        return time.monotonic() - self._answered_at

    def require_closed(self) -> None:
        """Require a closed breaker, or the one try of a second. Raises StoreUnavailable."""
        if not self._breaker.allows():
            raise StoreUnavailable

    def answered(self) -> None:
        self._answered_at = time.monotonic()
        if self._breaker.answered():
            self._gauge.set(0)

    def failed(self) -> None:
        if self._breaker.failed():
            self._gauge.set(1)
