"""The secrets that sign requests to the URLs of operators."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The present secret, and the one that it replaced, which signs too for a while."""

    present: str
    previous: str = ""
    previous_until: datetime | None = None

    def valid_at(self, at: datetime) -> tuple[str, ...]:
        """Return the secrets that sign a request at this time."""
        if self.previous_until is not None and self.previous_until > at:
            return (self.present, self.previous)
        return (self.present,)
