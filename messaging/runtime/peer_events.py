"""Reacts to other instances that start or end."""

from collections.abc import Collection

from messaging.concurrency.retries import until_answered
from messaging.concurrency.tasks import TaskSet
from messaging.delivery.link.epoch_watch import EpochWatch
from messaging.delivery.link.polling import Polling
from messaging.domain.signals import instance_lost
from messaging.presence.presence import Presence
from messaging.runtime.signal_sender import SignalSender


class PeerEvents:
    """Receives the link's reports on other instances."""

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
        """Note an instance that sent a message and is not in the registry."""
        if self._presence.met(boot_id):
            self._epochs.look_soon()

    def ended(self, boot_id: str, heard_at: float) -> None:
        """Handle the end of another instance without a goodbye. `heard_at` is the time of its last
        message, by the monotonic clock."""
        self._background.start(self._send_lost(boot_id, heard_at))

    async def _send_lost(self, boot_id: str, heard_at: float) -> None:
        since = await until_answered(lambda: self._polling.bound(heard_at))
        await self._signals.send_now(instance_lost, boot_id=boot_id, since=since)
