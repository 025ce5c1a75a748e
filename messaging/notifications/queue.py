"""The queue of notifications in this process, and the work that empties it."""

import asyncio

import structlog

from messaging.notifications.push import Notification, PushBackend
from messaging.tasks import start_task

logger = structlog.get_logger(__name__)

_CAPACITY = 10_000


class NotificationQueue:
    """Bounded: when it is full a notification is dropped with a warning; a message is stored
    already and is never held up by a phone."""

    def __init__(self, backend: PushBackend) -> None:
        self._backend = backend
        self._queue: asyncio.Queue[Notification] = asyncio.Queue(_CAPACITY)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_task(self._work())

    async def stop(self) -> None:
        """Push what is queued, then end."""
        await self._queue.join()
        if self._task is not None:
            self._task.cancel()

    def put(self, notification: Notification) -> None:
        try:
            self._queue.put_nowait(notification)
        except asyncio.QueueFull:
            logger.warning("notification.dropped", message_id=notification.message_id)

    async def _work(self) -> None:
        while True:
            notification = await self._queue.get()
            try:
                await self._backend.push(notification)
            except Exception:
                logger.exception("push.failed", message_id=notification.message_id)
            finally:
                self._queue.task_done()
