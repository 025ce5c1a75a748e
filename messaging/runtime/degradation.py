"""Degraded mode: events of other instances arrive late, and clients are informed."""

from messaging.delivery.hub.hub import Hub
from messaging.delivery.link.epoch_watch import EpochWatch
from messaging.wire.events import EventEncoder, EventType


class Degradation:
    """Receives the state of the polling."""

    def __init__(self, *, hub: Hub, epochs: EpochWatch, events: EventEncoder) -> None:
        self._hub = hub
        self._epochs = epochs
        self._events = events

    def changed(self, degraded: bool) -> None:
        """Enter or leave degraded mode. At its end clients load the receipts again, because missed
        receipts are not replayed."""
        for copies in self._hub.copies:
            copies.degraded = degraded
        if degraded:
            self._hub.sessions.invalidate_lists()
        else:
            self._hub.sessions.revalidate_lists()
            self._hub.forget_copies()
            self._epochs.look_soon()
        kind = EventType.DEGRADED if degraded else EventType.RESTORED
        self._hub.broadcast(self._events.soft(kind, {}))
