"""Push: what makes a phone ring, behind a result type of our own.

`fcm` is Firebase Cloud Messaging, `log` writes lines for development.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from django.conf import settings

from messaging.domain.health import Condition
from messaging.domain.recipients import Device


class Status(StrEnum):
    SENT = "sent"
    GONE = "gone"
    """This token is nobody's any more: forget the device."""
    LATER = "later"
    """Try again after `retry_after` seconds."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushResult:
    status: Status
    reason: str = ""
    retry_after: float = 0.0


SENT = PushResult(status=Status.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What one device is to be told."""

    user_id: str
    device: Device
    tag: str
    """A notification takes the place of one with the same tag; so a repeat shows only one."""
    data: Mapping[str, str]
    title: str | None = None
    """None for a push that shows nothing."""
    body: str = field(default="", repr=False)
    badge: int | None = None
    link: str | None = None
    quiet: bool = False
    """Shown without a sound: it takes the place of one that rang."""


class PushBackend(Protocol):
    @property
    def condition(self) -> Condition:
        """As of the last push."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        """Push to each device; a result for each, in their order. Raises nothing that concerns
        one of them."""

    async def close(self) -> None: ...


def make_push_backend() -> PushBackend:
    """What the setting `PUSH_BACKEND` names."""
    if settings.PUSH_BACKEND == "fcm":
        from messaging.notifications.push.fcm import FcmPushBackend  # noqa: PLC0415 - takes a second

        return FcmPushBackend()
    from messaging.notifications.push.log import LogPushBackend  # noqa: PLC0415 - it imports from here

    return LogPushBackend()
