"""The times and bounds of notifying, with what the setting `CHAT_NOTIFICATIONS` changes."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Times are in seconds."""

    grace: int = 8
    """How long somebody with a socket has to acknowledge a message; whole seconds, up to 900."""
    lease: int = 60
    """How long a claim holds, and a job of the queue is hidden from other workers."""
    kept: int = 7 * 24 * 3600
    """How long decisions can be asked for."""
    stale: int = 3600
    """A job that comes later than this rings nobody any more."""
    jobs_at_once: int = 16
    """Per process, whether they come from the queue or directly."""
    waiting: int = 10_000
    """Jobs that a process keeps until the queue has taken them."""

    link: str = ""
    """Where a click on a web notification leads, by https; `{conversation_id}` is filled in."""

    @property
    def lease_time(self) -> timedelta:
        return timedelta(seconds=self.lease)

    @property
    def kept_time(self) -> timedelta:
        return timedelta(seconds=self.kept)


def get_options() -> Options:
    return Options(**getattr(settings, "CHAT_NOTIFICATIONS", {}))
