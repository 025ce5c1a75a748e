"""Activity: whether somebody is using a connection at the moment. A connected socket alone does not
mean that somebody is there."""

import time

ACTIVE_SECONDS = 120.0
"""How long somebody counts as present after their last action."""


class Activity:
    """Of one connection."""

    def __init__(self) -> None:
        self._acted_at: float | None = None

    @property
    def active(self) -> bool:
        """Whether there was an action within two minutes, and the client has not reported absence
        since."""
        return self._acted_at is not None and time.monotonic() - self._acted_at < ACTIVE_SECONDS

    def acted(self) -> None:
        """Note a send, a read, typing, or the client's report that somebody is there."""
        self._acted_at = time.monotonic()

    def left(self) -> None:
        """Note the client's report that nobody is there."""
        self._acted_at = None
