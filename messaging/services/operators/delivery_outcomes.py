"""Outcomes: the delivery of a message to each of its people.

The caller decides what may be shown: `deliveries` for participants, the admin for operators.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from messaging.domain.conversation import Conversation
from messaging.domain.message import Message
from messaging.domain.own.state import effective_read_seq
from messaging.domain.own.visible import may_see
from messaging.domain.participant import ReadPosition
from messaging.domain.recipients import Decision, Reason, Verdict
from messaging.runtime.instance import Instance


class PushVerdict(StrEnum):
    """The outcome of notifying a person."""

    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"
    PENDING = "pending"
    """Not decided yet, or decided longer ago than decisions are kept."""


class DeliveryState(StrEnum):
    """How far a message has come for a person."""

    READ = "read"
    DELIVERED = "delivered"
    NOTIFIED = "notified"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDelivery:
    """The delivery of one message to one person."""

    user_id: str
    delivered: bool
    read: bool
    verdict: PushVerdict
    reason: str = ""
    at: datetime | None = None
    devices: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells_reading(self) -> bool:
        """Return whether this, or a change of it, reveals that the person has read the message."""
        return self.read or self.verdict is PushVerdict.DROPPED

    @property
    def state(self) -> DeliveryState:
        if self.read:
            return DeliveryState.READ
        if self.delivered:
            return DeliveryState.DELIVERED
        return DeliveryState.NOTIFIED if self.verdict is PushVerdict.SENT else DeliveryState.PENDING


async def list_deliveries(
    instance: Instance,
    conversation: Conversation,
    message: Message,
    *,
    only: str | None = None,
) -> Sequence[PersonDelivery]:
    """Return the delivery to every participant who may see the message, except its sender; with
    `only`, to this one of them. This costs a read of each person's position, and one read for each
    person about whom nothing is recorded. Raises StoreUnavailable."""
    people = [
        person
        for person in (conversation.participants if only is None else [only])
        if person != message.sender_id and may_see(conversation, person, message)
    ]
    decisions = await instance.decisions.list_decisions(conversation.id, message.id)
    if only is None:
        stored = await instance.store.list_read_positions(conversation.id)
    else:
        own = await instance.store.get_read_positions(only, [conversation.id])
        stored = list(own.values())
    positions = {position.user_id: position for position in stored}
    delivered = await instance.delivered.positions(conversation.id, people)
    acknowledged = await instance.acknowledged.positions(conversation.id, people)

    def position(person: str) -> ReadPosition:
        return positions.get(person, ReadPosition(user_id=person))

    read = {
        person
        for person in people
        if effective_read_seq(conversation, position(person)) >= message.seq
    }
    seen = read | {person for person in people if acknowledged.get(person, 0) >= message.seq}
    unrecorded = [person for person in people if person not in decisions and person not in seen]
    without_device = await instance.notifications.without_device(message, unrecorded)

    def delivery(person: str) -> PersonDelivery:
        reached = max(position(person).delivered_seq, delivered.get(person, 0)) >= message.seq
        decision = decisions.get(person)
        if person in without_device:
            decision = Decision(
                verdict=Verdict.DROPPED, reason=Reason.NO_DEVICE, at=message.created_at
            )
        return _delivery(
            person,
            decision,
            read=person in read,
            delivered=reached or person in seen,
            seen=person in seen,
        )

    return [delivery(person) for person in people]


def _delivery(
    user_id: str, decision: Decision | None, *, read: bool, delivered: bool, seen: bool
) -> PersonDelivery:
    if decision is not None and decision.verdict is not None:
        return PersonDelivery(
            user_id=user_id,
            delivered=delivered,
            read=read,
            verdict=PushVerdict(decision.verdict),
            reason=decision.reason,
            at=decision.at,
            devices=decision.devices,
        )
    if seen and decision is None:
        # People who acknowledged in time have no decision: their position shows it.
        return PersonDelivery(
            user_id=user_id,
            delivered=delivered,
            read=read,
            verdict=PushVerdict.DROPPED,
            reason=Reason.ACKNOWLEDGED,
        )
    return PersonDelivery(
        user_id=user_id,
        delivered=delivered,
        read=read,
        verdict=PushVerdict.PENDING,
        reason=decision.reason if decision is not None else "",
        devices=decision.devices if decision is not None else {},
    )
