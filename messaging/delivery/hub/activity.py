"""Activity: whether somebody is using a connection just now. Connected is not present."""

import time

ACTIVE_SECONDS = 120.0
"""How long somebody counts as present after their last act."""


class Activity:
    """Of one connection."""

    def __init__(self) -> None:
        self._acted_at: float | None = None

    @property
    def active(self) -> bool:
        """Whether there was an act within two minutes, and no word of absence since."""
        return self._acted_at is not None and time.monotonic() - self._acted_at < ACTIVE_SECONDS

    def acted(self) -> None:
        """A send, a read, typing, or the client's word that somebody is there."""
        self._acted_at = time.monotonic()

    def left(self) -> None:
        """The client says that nobody is looking."""
        self._acted_at = None
