"""Rules of delivery, each switched off by itself: the suite has to notice.

The product knows nothing of this: its classes are changed from outside, see `sabotaged_asgi`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

import msgspec

from messaging.delivery.batch import Batch
from messaging.delivery.delivery import Delivery, Replacement
from messaging.delivery.hub.gap_filler import GapFiller
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.streams.actions import Action
from messaging.delivery.hub.streams.people import People
from messaging.delivery.hub.streams.stream import Stream
from messaging.delivery.link.beacon import RecentCommits
from messaging.delivery.link.polling import Polling
from messaging.domain.conversation import Conversation
from messaging.domain.participant import Participant, Role


def _gaps() -> None:
    """What is missing is not read from the store."""

    def ensure_filled(self: GapFiller, stream: Stream, *, wait: bool) -> None:
        pass

    _put(GapFiller, "ensure_filled", ensure_filled)


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

    def push_each_at_once(
        self: Stream,
        deliveries: Iterable[Delivery],
        now: float,
        replacements: Iterable[Replacement] = (),
    ) -> Sequence[Action]:
        actions: list[Action] = []
        for delivery in deliveries:
            latest = self._version
            if delivery.version > latest:
                self._version = delivery.version - 1
            actions += push(self, [delivery], now, replacements)
            self._version = self._known = max(latest, self._version, self._known)
        return actions

    _put(Stream, "push", push_each_at_once)


def _removals() -> None:
    """Whoever is removed goes on listening."""

    advance, replace = People.advance, People.replace

    def advance_with_all(self: People, delivery: Delivery) -> Sequence[Action]:
        return advance(self, msgspec.structs.replace(delivery, removed=[]))

    def replace_with_all(self: People, conversation: Conversation, since: int) -> Sequence[Action]:
        gone = {
            user_id: Participant(user_id=user_id, role=Role.MEMBER, joined_version=joined)
            for user_id, joined in self.participants.items()
        }
        people = {**gone, **conversation.participants}
        return replace(self, dataclasses.replace(conversation, participants=people), since)

    _put(People, "advance", advance_with_all)
    _put(People, "replace", replace_with_all)


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
    taken = signature(getattr(owner, name)).parameters.keys()
    assert taken == signature(replacement).parameters.keys(), f"{name} takes other arguments now."
    setattr(owner, name, replacement)


SABOTAGES: Mapping[str, Callable[[], None]] = {
    sabotage.__name__.removeprefix("_"): sabotage
    for sabotage in (_gaps, _duplicates, _order, _removals, _beacons, _notes)
}
