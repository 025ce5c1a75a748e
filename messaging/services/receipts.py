"""Read receipts: each participant's read position, which only moves forward."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from messaging.domain.conversation import Conversation
from messaging.domain.limits import get_limits
from messaging.domain.own.state import current_mark, effective_read_seq
from messaging.domain.participant import ReadPosition
from messaging.domain.signals import conversation_read
from messaging.instruments.metrics import ACKNOWLEDGEMENT_SECONDS
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through
from messaging.services.rules.own_marks import remove_mark
from messaging.services.rules.rights import conversation_up_to, read_conversation
from messaging.services.rules.visibility import (
    PAIR,
    pair_is_open,
    private_readers,
    reads_privately,
    shows_receipts,
)

_PROMPT_SECONDS = 60.0
"""Later acknowledgements show only that the client was away, not how long delivery took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReceipt:
    read_seq: int
    unread_count: int


@carried_through
async def mark_read(
    instance: Instance,
    *,
    user_id: str,
    conversation_id: str,
    seq: int,
    clear: bool = False,
    by_service: bool = False,
) -> ReadReceipt:
    """Mark everything up to `seq` as read. An earlier seq changes nothing.

    Reading further ends an unread mark (`unread_marks`). With `clear`, an earlier seq does, too.

    The person's own sockets get each position. The others get the first one at once, then one a
    second. Reading counts as activity, except with `private_reading`, and unless a service account
    acts on behalf of the person (`by_service`).

    Raises InvalidRequest (no such message yet), ConversationNotFound, NotAParticipant,
    StoreUnavailable.
    """
    conversation = await conversation_up_to(instance, seq, user_id, conversation_id)
    advanced = await instance.read_positions.advance(conversation_id, user_id, seq)
    read_seq = effective_read_seq(conversation, advanced.position)
    unread_count = conversation.uncounted.unread(seq=conversation.seq, read_seq=read_seq)
    receipt = ReadReceipt(read_seq=read_seq, unread_count=unread_count)
    instance.acknowledged.advance(conversation_id, user_id, seq)
    if advanced.moved or receipt.unread_count == 0:
        instance.signals.send(
            conversation_read, user_id=user_id, conversation_id=conversation_id, read_seq=read_seq
        )
    position = replace(
        advanced.position,
        read_seq=read_seq,
        delivered_seq=max(advanced.position.delivered_seq, read_seq),
    )
    if clear and current_mark(position.flags, read_seq) is not None:
        await remove_mark(instance, conversation, position)
    elif advanced.moved:
        instance.publisher.publish_own_receipt(conversation_id, position, unread_count=unread_count)
    if advanced.moved:
        await instance.pace.publish(
            ("read", conversation_id, user_id),
            partial(_tell_read, instance, conversation, position),
        )
    # Do this last: it may read the store, and the position is announced even if that fails.
    if not by_service and not await reads_privately(instance, user_id):
        instance.presence.acted(user_id)
    return receipt


async def _tell_read(
    instance: Instance, conversation: Conversation, position: ReadPosition
) -> None:
    """Announce a read position to the others, as far as they may see it."""
    user_id, delivered = position.user_id, instance.delivered
    people = len(conversation.participants)
    if not _fanned_out(people) or not await _open_to_others(
        instance, user_id, conversation.id, people
    ):
        return
    if await reads_privately(instance, user_id):
        # An event without anything new would still show that something was read just now.
        known = await delivered.positions(conversation.id, [user_id])
        if position.delivered_seq <= known.get(user_id, 0):
            return
        position = replace(position, read_seq=0)
    else:
        delivered.note_announced(conversation.id, user_id, position.read_seq)
    instance.publisher.publish_receipt(conversation.id, position, of_reading=True)


async def mark_delivered(
    instance: Instance, *, user_id: str, conversation_id: str, seq: int, seen: bool = False
) -> None:
    """Mark everything up to `seq` as delivered to one of the person's devices. An earlier seq
    changes nothing.

    `seen`: a person is using the device. A person who has seen a message gets no push for it.
    Raises the same errors as `mark_read`. Nothing is written at once: see
    `messaging.positions.delivered`. If the conversation is delivered on this instance, the store is
    not read, except once for the person's position if this is not the latest message. The others
    get the first position at once, then one a second (`messaging.delivery.pace`).
    """
    followed = instance.hub.followed(conversation_id)
    if (
        followed is not None
        and user_id in followed.participants
        and followed.count is not None
        and seq <= followed.seq
    ):
        people, latest = followed.count, followed.seq
    else:
        conversation = await conversation_up_to(instance, seq, user_id, conversation_id)
        people, latest = len(conversation.participants), conversation.seq
    if seen:
        instance.acknowledged.advance(conversation_id, user_id, seq)
    if await instance.delivered.advance(conversation_id, user_id, seq, latest=seq == latest):
        if followed is not None and seq == followed.seq:
            seconds = time.monotonic() - followed.last_message_at
            if seconds <= _PROMPT_SECONDS:
                ACKNOWLEDGEMENT_SECONDS.observe(seconds)
        if _fanned_out(people):
            await instance.pace.publish(
                ("delivered", conversation_id, user_id),
                partial(_tell_delivered, instance, user_id, conversation_id, people),
            )


async def _tell_delivered(
    instance: Instance, user_id: str, conversation_id: str, people: int
) -> None:
    """Announce a delivered position to the others, as far as they may see it."""
    if await _open_to_others(instance, user_id, conversation_id, people):
        position = ReadPosition(
            user_id=user_id,
            read_seq=_announced_read_seq(instance, conversation_id, user_id),
            delivered_seq=instance.delivered.known(conversation_id, user_id),
        )
        instance.publisher.publish_receipt(conversation_id, position, of_reading=False)


async def _open_to_others(
    instance: Instance, user_id: str, conversation_id: str, people: int
) -> bool:
    return people > PAIR or await pair_is_open(instance, user_id, conversation_id, lasting=True)


def _announced_read_seq(instance: Instance, conversation_id: str, user_id: str) -> int:
    """Return the read position for an acknowledgement, without a lookup. It is the position that
    was announced here before, or the own message of a person without `private_reading`. Clients
    keep the highest."""
    privacy = instance.privacy.peek(user_id)
    if privacy is not None and privacy.private_reading:
        return 0
    announced = instance.delivered.announced_read_seq(conversation_id, user_id)
    cached = instance.cache.get(conversation_id)
    if privacy is None or cached is None:
        return announced
    return max(announced, cached.sent_seq.get(user_id, 0))


async def list_receipts(
    instance: Instance, *, user_id: str, conversation_id: str
) -> Sequence[ReadPosition]:
    """Return how far every participant has read and received, as far as this person may see it.

    If one of two people blocks the other, only the person's own position is returned. Raises
    ConversationNotFound, NotAParticipant, StoreUnavailable.
    """
    conversation = await read_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    stored = await instance.store.list_read_positions(conversation_id)
    positions = {position.user_id: position for position in stored}
    people = list(conversation.participants) if shows_receipts(conversation) else [user_id]
    delivered = await instance.delivered.positions(conversation_id, people)
    receipts = []
    for person in people:
        position = positions.get(person, ReadPosition(user_id=person))
        read_seq = effective_read_seq(conversation, position)
        receipts.append(
            ReadPosition(
                user_id=person,
                read_seq=read_seq,
                delivered_seq=max(position.delivered_seq, read_seq, delivered.get(person, 0)),
            )
        )
    private = await private_readers(instance, receipts, besides=user_id)
    return [replace(one, read_seq=0) if one.user_id in private else one for one in receipts]


def _fanned_out(people: int) -> bool:
    return people <= get_limits().fan_out_participants
