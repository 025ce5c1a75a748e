"""Lines that may come as often as somebody else pleases: one a second is written."""

import time
from collections.abc import Callable

_LINE_SECONDS = 1.0


class Sparing:
    """Tells whether a line may be written now, and counts the lines that were left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_line = 0.0
        self._unsaid = 0

    def take(self) -> int | None:
        """Return how many lines were left out since the last one that was written; None if this
        one is to be left out as well."""
        now = self._clock()
        if now < self._next_line:
            self._unsaid += 1
            return None
        self._next_line = now + _LINE_SECONDS
        unsaid, self._unsaid = self._unsaid, 0
        return unsaid
