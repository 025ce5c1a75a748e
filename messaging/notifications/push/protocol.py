"""Push: the interface of push services, with its own result type.

`fcm` is Firebase Cloud Messaging; `log` writes lines for development.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from django.conf import settings

from messaging.domain.health import Condition
from messaging.domain.recipients import Device

if TYPE_CHECKING:
    from messaging.notifications.push.inbox import Inbox  # it imports from here


class Status(StrEnum):
    SENT = "sent"
    GONE = "gone"
    """This token is no longer valid: remove the device."""
    LATER = "later"
    """Retry after `retry_after` seconds."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushResult:
    status: Status
    reason: str = ""
    retry_after: float = 0.0


SENT = PushResult(status=Status.SENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The content of a push to one device."""

    user_id: str
    device: Device
    tag: str
    """A notification replaces one with the same tag, so a repeat shows only one."""
    data: Mapping[str, str]
    title: str | None = None
    """None for a push that shows nothing."""
    body: str = field(default="", repr=False)
    badge: int | None = None
    link: str | None = None
    quiet: bool = False
    """Shown without a sound: it replaces a notification that had one."""


class PushBackend(Protocol):
    @property
    def condition(self) -> Condition:
        """Return the condition at the latest push."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        """Push to each device, and return the results in the same order. Errors of a single device
        are results, not exceptions."""

    async def close(self) -> None: ...


def make_push_backend(inbox: "Inbox | None" = None) -> PushBackend:
    """Return the backend of the setting `PUSH_BACKEND`. Without a push service, it delivers to this
    inbox."""
    if settings.PUSH_BACKEND == "fcm":
        from messaging.notifications.push.fcm import FcmPushBackend  # noqa: PLC0415 - takes a second

        return FcmPushBackend()
    from messaging.notifications.push.log import LogPushBackend  # noqa: PLC0415 - it imports from here

    return LogPushBackend(inbox)
