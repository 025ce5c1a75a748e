"""Pushing: sends pushes, and removes devices that are gone."""

from collections.abc import Sequence

import structlog

from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import PUSHES
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
