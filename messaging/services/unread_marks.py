"""Unread marks: a person marks a message as unread, for themselves alone.

The mark changes neither the read position nor the unread count. Reading further ends it, and so
does sending: it is stored with the read position of its time (`domain.own.state`).
"""

from dataclasses import dataclass, replace

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import MessageNotFound
from messaging.domain.own.state import effective_read_seq
from messaging.domain.own.visible import visible_from
from messaging.domain.participant import ReadPosition
from messaging.runtime.instance import Instance
from messaging.services.rules.carried_through import carried_through
from messaging.services.rules.own_marks import publish_mark, remove_mark
from messaging.services.rules.rights import access_conversation, read_conversation, require_seq


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadMark:
    seq: int
    read_seq: int
    unread_count: int


@carried_through
async def set_mark(
    instance: Instance, *, user_id: str, conversation_id: str, seq: int
) -> UnreadMark:
    """Mark a message as unread, in place of an earlier mark. This costs two reads and one write.

    The person's own sockets get `receipt.updated`. Raises InvalidRequest (no such message yet),
    ConversationNotFound, NotAParticipant, MessageNotFound (the person may not see it),
    StoreUnavailable.
    """
    # Read it: a copy may lack the person's own latest message, which would then end the mark.
    conversation = await read_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    require_seq(conversation, seq)
    if seq < visible_from(conversation, user_id):
        raise MessageNotFound
    position = await _own_position(instance, conversation, user_id)
    read_seq = position.read_seq
    changes = {"marked_unread": seq, "marked_read_seq": read_seq}
    await instance.store.set_flags(conversation_id, user_id, changes)
    marked = replace(position.flags, marked_unread=seq, marked_read_seq=read_seq)
    position = replace(position, flags=marked)
    unread_count = publish_mark(instance, conversation, position)
    return UnreadMark(seq=seq, read_seq=position.read_seq, unread_count=unread_count)


@carried_through
async def clear_mark(instance: Instance, *, user_id: str, conversation_id: str) -> None:
    """Remove a person's mark. Without a mark nothing is written. Raises ConversationNotFound,
    NotAParticipant, StoreUnavailable."""
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    position = await _own_position(instance, conversation, user_id)
    if position.flags.marked_unread is not None:
        await remove_mark(instance, conversation, position)


async def _own_position(
    instance: Instance, conversation: Conversation, user_id: str
) -> ReadPosition:
    """Return a person's position, as far as they have read in effect."""
    stored = await instance.store.get_read_positions(user_id, [conversation.id])
    position = stored.get(conversation.id, ReadPosition(user_id=user_id))
    read_seq = effective_read_seq(conversation, position)
    return replace(position, read_seq=read_seq, delivered_seq=max(position.delivered_seq, read_seq))
