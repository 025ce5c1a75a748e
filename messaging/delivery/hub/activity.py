"""Activity: whether a person is using a connection. A connected socket alone does not prove that a
person is there."""

import time

ACTIVE_SECONDS = 120.0
"""How long a person counts as present after their last action."""


class Activity:
    """The activity of one connection."""

    def __init__(self) -> None:
        self._acted_at: float | None = None

    @property
    def active(self) -> bool:
        """Return whether there was an action within two minutes, and the client has not reported
        absence since."""
        return self._acted_at is not None and time.monotonic() - self._acted_at < ACTIVE_SECONDS

    def acted(self) -> None:
        """Record a send, a read, typing, or the client's report of presence."""
        self._acted_at = time.monotonic()

    def left(self) -> None:
        """Record the client's report of absence."""
        self._acted_at = None
