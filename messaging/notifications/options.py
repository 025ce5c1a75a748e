"""The times and bounds of notifications, changed by the setting `CHAT_NOTIFICATIONS`."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times are in seconds."""

    grace: int = 8
    """How long a person with a socket has to acknowledge a message, in whole seconds up to 900."""
    lease: int = 60
    """How long a claim holds, and how long a job of the queue is hidden from other workers."""
    kept: int = 7 * 24 * 3600
    """How long decisions are kept."""
    stale: int = 3600
    """A later job sends no push."""
    jobs_at_once: int = 16
    """The concurrent jobs of a process, from the queue or directly."""
    waiting: int = 10_000
    """The jobs that a process holds until the queue accepts them."""

    link: str = ""
    """The https URL that a click on a web notification opens; `{conversation_id}` is replaced."""

    @property
    def lease_time(self) -> timedelta:
        return timedelta(seconds=self.lease)

    @property
    def kept_time(self) -> timedelta:
        return timedelta(seconds=self.kept)


def get_options() -> Options:
    return Options(**getattr(settings, "CHAT_NOTIFICATIONS", {}))
