"""Visibility: what people may see of each other.

If one of two people blocks the other, neither sees the other's presence, and their direct
conversation has no receipts and no typing indicators. A person with `private_reading` has read
nothing, as far as others can see.
"""

from collections.abc import Sequence

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import ReadPosition
from messaging.runtime.instance import Instance
from messaging.services.rules.rights import read_conversation

PAIR = 2
_BLOCKS_SECONDS = 60.0


async def pair_is_open(
    instance: Instance, user_id: str, conversation_id: str, *, lasting: bool = False
) -> bool:
    """Return whether neither of a direct conversation's two people blocks the other. Only the
    conversation contains this.

    A copy is used for a minute: all instances are informed of a block, but may miss it. With
    `lasting`, it is used for as long as it is cached, while the link is up. This takes at most one
    read.
    """
    if lasting and not instance.degraded:
        known = instance.cache.get(conversation_id)
    else:
        known = instance.cache.get_fresh(conversation_id, seconds=_BLOCKS_SECONDS)
    if known is None:
        try:
            known = await read_conversation(
                instance, user_id=user_id, conversation_id=conversation_id
            )
        except StoreUnavailable:
            known = instance.cache.get(conversation_id)
    return known is not None and not known.blocked_by


async def reads_privately(instance: Instance, user_id: str) -> bool:
    """Return whether a person hides their read position; True if that is unknown."""
    try:
        return (await instance.privacy.get([user_id]))[user_id].private_reading
    except StoreUnavailable:
        return True


async def private_readers(
    instance: Instance, positions: Sequence[ReadPosition], *, besides: str
) -> frozenset[str]:
    """Return the people with a read position who hide it from others, except those in `besides`.
    Raises StoreUnavailable."""
    people = [one.user_id for one in positions if one.read_seq > 0 and one.user_id != besides]
    known = await instance.privacy.get(people)
    return frozenset(person for person, privacy in known.items() if privacy.private_reading)


def shows_receipts(conversation: Conversation) -> bool:
    """Return whether its people see each other's receipts."""
    return not conversation.blocked_by
