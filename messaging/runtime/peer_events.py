"""Other instances come and go: what that means for this one."""

import asyncio
from collections.abc import Collection

from messaging.concurrency.task_set import TaskSet
from messaging.delivery.link.epoch_watch import EpochWatch
from messaging.delivery.link.polling import Polling
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.signals import instance_lost
from messaging.presence.presence import Presence
from messaging.runtime.signal_sender import SignalSender

_RETRY_SECONDS = 1.0


class PeerEvents:
    """Listens to the link."""

    def __init__(
        self,
        *,
        presence: Presence,
        polling: Polling,
        epochs: EpochWatch,
        signals: SignalSender,
        background: TaskSet[None],
    ) -> None:
        self._presence = presence
        self._polling = polling
        self._epochs = epochs
        self._signals = signals
        self._background = background

    @property
    def registered(self) -> Collection[str]:
        return self._presence.registered

    def met(self, boot_id: str) -> None:
        """Another instance was heard that the registry did not name."""
        if self._presence.met(boot_id):
            self._epochs.look_soon()

    def ended(self, boot_id: str, heard_at: float) -> None:
        """Another instance ended without a goodbye; it was heard last at `heard_at`, on the
        monotonic clock."""
        self._background.start(self._send_lost(boot_id, heard_at))

    async def _send_lost(self, boot_id: str, heard_at: float) -> None:
        while True:
            try:
                since = await self._polling.bound(heard_at)
            except StoreUnavailable:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await self._signals.send_now(instance_lost, boot_id=boot_id, since=since)
                return
