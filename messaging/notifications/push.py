"""Push: what makes a phone ring."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message, for several people. Ids only: no text leaves the store this way."""

    conversation_id: str
    message_id: str
    seq: int
    sender_id: str
    user_ids: Sequence[str]


class PushBackend(Protocol):
    async def push(self, notification: Notification) -> None: ...


class LogPushBackend:
    """For development: a log line for each person in the place of a ringing phone."""

    async def push(self, notification: Notification) -> None:
        for user_id in notification.user_ids:
            logger.info(
                "push.sent",
                to=user_id,
                conversation_id=notification.conversation_id,
                message_id=notification.message_id,
            )
