"""Samples log lines that other people can trigger at any rate: one a second is written."""

import time
from collections.abc import Callable

_LINE_SECONDS = 1.0


class Sparing:
    """Decides whether a line may be written now, and counts the suppressed lines."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_line = 0.0
        self._unsaid = 0

    def take(self) -> int | None:
        """Return the number of lines suppressed since the last written one. Return None if this
        line is suppressed too."""
        now = self._clock()
        if now < self._next_line:
            self._unsaid += 1
            return None
        self._next_line = now + _LINE_SECONDS
        unsaid, self._unsaid = self._unsaid, 0
        return unsaid
