"""Push without a push service, for development: writes a log line instead.

With the demo page (`CHAT_DEMO`), an inbox keeps what the phones would show: the latest
notifications of a few people, in the memory of this process.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from cachetools import LRUCache
from django.conf import settings

from messaging.domain.health import Condition
from messaging.notifications.push.protocol import SENT, Push, PushResult

logger = structlog.get_logger(__name__)

_MAX_PEOPLE = 100
_MAX_NOTIFICATIONS = 20


class LogPushBackend:
    condition = Condition.UNUSED

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        for push in pushes:
            if settings.CHAT_DEMO:
                inbox.take(push)
            logger.info(
                "push.sent",
                to=push.user_id,
                device_id=push.device.id,
                tag=push.tag,
                kind=push.data["type"],
            )
        return [SENT] * len(pushes)

    async def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification on a phone."""

    tag: str
    title: str
    body: str = field(repr=False)
    sender_id: str
    seq: int
    at: datetime


class Inbox:
    """The notifications on everyone's phones. All phones of a person show the same."""

    def __init__(self) -> None:
        self._people: LRUCache[str, OrderedDict[str, Notification]] = LRUCache(_MAX_PEOPLE)

    def take(self, push: Push) -> None:
        """Apply a push as a phone does: show it in place of one with the same tag, or remove that
        one."""
        shown = self._people.setdefault(push.user_id, OrderedDict())
        earlier = shown.get(push.tag)
        if push.data["type"] == "clear":
            if earlier is not None and earlier.seq <= int(push.data["read_seq"]):
                del shown[push.tag]
            return
        shown[push.tag] = Notification(
            tag=push.tag,
            title=push.title or "",
            body=push.body,
            sender_id=push.data["sender_id"],
            seq=int(push.data["seq"]),
            at=datetime.now(UTC),
        )
        shown.move_to_end(push.tag)
        if len(shown) > _MAX_NOTIFICATIONS:
            shown.popitem(last=False)

    def shown(self, user_id: str) -> Sequence[Notification]:
        """Return the notifications of a person, the latest first."""
        return list(reversed(self._people.get(user_id, OrderedDict()).values()))


inbox = Inbox()
"""The inbox of this process."""
