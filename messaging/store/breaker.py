"""The circuit breaker of a store: an outage answers in milliseconds instead of in seconds."""

import time

from messaging.exceptions import StoreUnavailable
from messaging.metrics import STORE_BREAKER_OPEN

_FAILURES = 5
_OPEN_SECONDS = 1.0


class CircuitBreaker:
    """Opens after five calls in a row that got no answer. While it is open calls are refused at
    once, but for one a second, which tries whether the store answers again.

    An answer that refuses (a conflict, a missing index) is an answer.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._next_try = 0.0

    @property
    def open(self) -> bool:
        return self._failures >= _FAILURES

    def require_closed(self) -> None:
        """Raises StoreUnavailable while it is open."""
        if self.open:
            now = time.monotonic()
            if now < self._next_try:
                raise StoreUnavailable
            self._next_try = now + _OPEN_SECONDS

    def answered(self) -> None:
        self._failures = 0
        STORE_BREAKER_OPEN.set(0)

    def failed(self) -> None:
        self._failures += 1
        if self._failures == _FAILURES:
            STORE_BREAKER_OPEN.set(1)
        if self.open:
            self._next_try = time.monotonic() + _OPEN_SECONDS
