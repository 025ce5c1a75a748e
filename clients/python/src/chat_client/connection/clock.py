"""The server's time: the clock of this machine may be wrong."""

from datetime import UTC, datetime, timedelta


class Clock:
    def __init__(self) -> None:
        self._ahead = timedelta()
        """How far the server's clock is ahead of the clock here."""

    def hear(self, at: datetime) -> None:
        """Compare the clock here with the server's time, which has just arrived."""
        self._ahead = at - datetime.now(UTC)

    def now(self) -> datetime:
        """Return the server's time, as far as it is known."""
        return datetime.now(UTC) + self._ahead
