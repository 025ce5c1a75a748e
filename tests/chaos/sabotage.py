"""Rules of delivery, each switched off by itself: the suite has to notice.

The product knows nothing of this: its classes are changed from outside, see `sabotaged_asgi`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from messaging.delivery.batch import Batch, Delivery
from messaging.delivery.hub.followed import Following
from messaging.delivery.hub.gap_filler import GapFiller
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.stream import Stream
from messaging.delivery.link.beacon import RecentCommits
from messaging.delivery.link.polling import Polling


def _gaps() -> None:
    """What is missing is not read from the store."""

    def mend(self: GapFiller, stream: Stream) -> None:
        pass

    _put(GapFiller, "mend", mend)


def _duplicates() -> None:
    """What was delivered is delivered again when it comes again."""
    accept = Hub.accept

    def accept_again(self: Hub, batch: Batch) -> None:
        stream = self.followed(batch.conversation_id)
        if stream is not None:
            for delivery in batch.deliveries:
                if delivery.version <= stream.version:
                    for connection in stream.audience():
                        connection.transmit(delivery.frame)
        accept(self, batch)

    _put(Hub, "accept", accept_again)


def _order() -> None:
    """What comes first is delivered first."""
    push = Stream.push

    def push_and_remember(self: Stream, deliveries: Iterable[Delivery]) -> None:
        deliveries = list(deliveries)
        _pushed[self] = [delivery for delivery in deliveries if delivery.version > self.version]
        push(self, ())

    def pop_at_once(self: Stream) -> Iterator[Delivery]:
        for delivery in _pushed.pop(self, []):
            self.version = self.known = max(self.version, self.known, delivery.version)
            self.seq = max(self.seq, delivery.seq)
            yield delivery

    _put(Stream, "push", push_and_remember)
    _put(Stream, "pop_ready", pop_at_once)


_pushed: dict[Stream, list[Delivery]] = {}


def _removals() -> None:
    """Whoever is removed goes on listening."""

    def apply_people(self: Stream, delivery: Delivery) -> None:
        self.participants.update(delivery.added)

    def withdraw(self: Following, stream: Stream, connection: object) -> None:
        pass

    _put(Stream, "apply_people", apply_people)
    _put(Following, "withdraw", withdraw)


def _beacons() -> None:
    """The beacon does not say what was committed lately."""

    def nothing(self: RecentCommits) -> Mapping[str, Any]:
        return {}

    _put(RecentCommits, "as_message", nothing)


def _notes() -> None:
    """An instance without Redis does not say so in the store."""

    async def write_note(self: Polling) -> None:
        pass

    _put(Polling, "write_note", write_note)


def _put(owner: type, name: str, replacement: Callable[..., Any]) -> None:
    assert callable(getattr(owner, name)), "There is nothing to break here any more."
    setattr(owner, name, replacement)


SABOTAGES: Mapping[str, Callable[[], None]] = {
    sabotage.__name__.removeprefix("_"): sabotage
    for sabotage in (_gaps, _duplicates, _order, _removals, _beacons, _notes)
}
