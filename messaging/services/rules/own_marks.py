"""Unread marks: remove one, and publish a position with its mark to the person's own sockets."""

from dataclasses import replace

from messaging.domain.conversation import Conversation
from messaging.domain.participant import ReadPosition
from messaging.runtime.instance import Instance


async def remove_mark(
    instance: Instance, conversation: Conversation, position: ReadPosition
) -> None:
    """Remove a mark from a position, and publish the rest of it to the person's own sockets."""
    changes = {"marked_unread": None, "marked_read_seq": None}
    await instance.store.set_flags(conversation.id, position.user_id, changes)
    unmarked = replace(position.flags, marked_unread=None, marked_read_seq=None)
    publish_mark(instance, conversation, replace(position, flags=unmarked))


def publish_mark(instance: Instance, conversation: Conversation, position: ReadPosition) -> int:
    unread_count = conversation.uncounted.unread(seq=conversation.seq, read_seq=position.read_seq)
    instance.publisher.publish_own_receipt(conversation.id, position, unread_count=unread_count)
    return unread_count
