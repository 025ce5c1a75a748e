"""Push without a push service, for development: writes a log line instead."""

from collections.abc import Sequence

import structlog

from messaging.domain.health import Condition
from messaging.notifications.push.inbox import Inbox
from messaging.notifications.push.protocol import SENT, Push, PushResult

logger = structlog.get_logger(__name__)


class LogPushBackend:
    condition = Condition.UNUSED

    def __init__(self, inbox: Inbox | None) -> None:
        """Create the backend. It also delivers to the inbox, if there is one."""
        self._inbox = inbox

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        for push in pushes:
            if self._inbox is not None:
                self._inbox.take(push)
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
