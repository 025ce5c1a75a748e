"""The ear of the notifications: from the signal that a message was sent to a queued job."""

from datetime import UTC, datetime
from typing import Any

from messaging.entities import Conversation, Message
from messaging.instance import Instance, get_instance
from messaging.notifications.policy import candidates
from messaging.notifications.push import LogPushBackend, Notification
from messaging.notifications.queue import NotificationQueue
from messaging.signals import instance_started, instance_stopping, message_sent

_queues: dict[str, NotificationQueue] = {}
"""By boot id: the queue lives as long as its instance."""


def connect() -> None:
    """Listen. Called once, when Django has loaded the app."""
    instance_started.connect(_start, dispatch_uid="notifications")
    instance_stopping.connect(_stop, dispatch_uid="notifications")
    message_sent.connect(_queue_notification, dispatch_uid="notifications")


async def _start(instance: Instance, **_: Any) -> None:
    queue = _queues[instance.boot_id] = NotificationQueue(LogPushBackend())
    queue.start()


async def _stop(instance: Instance, **_: Any) -> None:
    await _queues.pop(instance.boot_id).stop()


async def _queue_notification(message: Message, conversation: Conversation, **_: Any) -> None:
    instance = get_instance()
    queue = _queues.get(instance.boot_id)
    wanted = candidates(conversation, message, datetime.now(UTC))
    if queue is None or not wanted:
        return
    online = await instance.presence.online(wanted)
    absent = [user_id for user_id in wanted if user_id not in online]
    if absent:
        queue.put(
            Notification(
                conversation_id=conversation.id,
                message_id=message.id,
                seq=message.seq,
                sender_id=message.sender_id,
                user_ids=absent,
            )
        )
