"""The times of webhooks, changed by the setting `CHAT_WEBHOOKS`."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times are in seconds."""

    request: float = 10.0
    """How long an endpoint has to answer."""
    pauses: Sequence[float] = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
    """Between the requests that try an endpoint which does not answer; the last one repeats."""
    longest_pause: float = 3600.0
    """Between two attempts of an event: with it, there are about 40 attempts in a day."""

    @property
    def lease(self) -> float:
        """Return how long a process may send the events of one conversation."""
        return 3 * self.request


def get_options() -> Options:
    return Options(**getattr(settings, "CHAT_WEBHOOKS", {}))
