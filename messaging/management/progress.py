"""The progress of a long command: how much is done, at what rate, and the time that is left."""

import time
from collections.abc import Callable
from datetime import timedelta

_EVERY_SECONDS = 2.0


class Progress:
    def __init__(self, show: Callable[[str], object], *, total: int | None = None) -> None:
        """Create it. `total` is the amount of work; None if it is not known."""
        self._show = show
        self._total = total
        self._begun_at = self._shown_at = time.monotonic()
        self._first: int | None = None

    def at(self, done: int, messages: int, what: str) -> None:
        """Show, every two seconds, what is done. `done` is in the unit of `total`."""
        now = time.monotonic()
        if self._first is None:
            self._first = done
        if now - self._shown_at < _EVERY_SECONDS:
            return
        self._shown_at = now
        self._show(
            f"… {what}, {messages / (now - self._begun_at):,.0f} messages/s{self._left(done)}"
        )

    def rate(self, messages: int) -> str:
        """Return the rate since the beginning."""
        seconds = max(time.monotonic() - self._begun_at, 0.001)
        return f"{messages / seconds:,.0f} messages/s"

    def _left(self, done: int) -> str:
        new = done - (self._first or 0)
        if not self._total or new <= 0:
            return ""
        seconds = (time.monotonic() - self._begun_at) * (self._total - done) / new
        return f", {done / self._total:.0%}, {timedelta(seconds=round(seconds))} left"
