"""Pushing: builds pushes, sends them, and removes devices that are gone."""

from collections.abc import Sequence

import structlog

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.message import Message
from messaging.domain.recipients import Device, Recipient
from messaging.instruments.metrics import PUSHES
from messaging.notifications.content import content_of
from messaging.notifications.options import get_options
from messaging.notifications.push.protocol import Push, PushBackend, PushResult, Status
from messaging.notifications.queue.job_context import pushing
from messaging.stores.recipients import RecipientStore

logger = structlog.get_logger(__name__)

for _status in Status:
    for _kind in ("message", "clear"):
        PUSHES.labels(_kind, _status.value)


class Pusher:
    def __init__(self, recipients: RecipientStore, push: PushBackend) -> None:
        self._recipients = recipients
        self._push = push

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        """Push to each device. Return the results in the same order."""
        with pushing(len(pushes)):
            results = await self._push.send(pushes)
        for push, result in zip(pushes, results, strict=True):
            PUSHES.labels(push.data["type"], result.status.value).inc()
            if result.status is Status.GONE:
                await self._forget(push, result)
        return results

    async def _forget(self, push: Push, result: PushResult) -> None:
        """Remove a device that is gone, unless it has a new token by now."""
        try:
            removed = await self._recipients.remove_device(
                push.user_id, push.device.id, token=push.device.token
            )
        except StoreUnavailable:
            # The other pushes were sent, and must still be recorded. The next push finds this
            # device gone.
            logger.warning("device.kept", user_id=push.user_id, device_id=push.device.id)
            return
        logger.info(
            "device.gone",
            user_id=push.user_id,
            device_id=push.device.id,
            reason=result.reason,
            removed=removed,
        )


def message_push(
    conversation: Conversation,
    message: Message,
    recipient: Recipient,
    device: Device,
    *,
    sender: str,
    badge: int | None,
    quiet: bool = False,
) -> Push:
    """Return the push that shows a message on one device. `sender` is the name to show."""
    content = content_of(
        conversation, message, sender=sender, show_text=recipient.settings.push_text
    )
    return Push(
        user_id=recipient.user_id,
        device=device,
        tag=conversation.id,
        title=content.title,
        body=content.body,
        badge=badge,
        link=get_options().link.replace("{conversation_id}", conversation.id) or None,
        quiet=quiet,
        data={
            "type": "message",
            "conversation_id": conversation.id,
            "message_id": message.id,
            "seq": str(message.seq),
            "sender_id": message.sender_id,
            "tag": conversation.id,
        },
    )


def clear_push(
    conversation_id: str, user_id: str, device: Device, *, read_seq: int, badge: int | None
) -> Push:
    """Return the push that removes a conversation's notification, up to `read_seq`."""
    data = {
        "type": "clear",
        "conversation_id": conversation_id,
        "tag": conversation_id,
        "read_seq": str(read_seq),
    }
    if badge is not None:
        data["badge"] = str(badge)
    return Push(user_id=user_id, device=device, tag=conversation_id, data=data)
