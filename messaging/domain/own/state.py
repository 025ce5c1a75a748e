"""How far one participant has read, and what they marked as unread."""

from messaging.domain.conversation import Conversation, ListedConversation
from messaging.domain.participant import OwnFlags, ReadPosition


def effective_read_seq(
    conversation: Conversation | ListedConversation, position: ReadPosition
) -> int:
    """Return the read position, which includes one's own latest message."""
    if isinstance(conversation, ListedConversation):
        return max(position.read_seq, conversation.sent_seq)
    return max(position.read_seq, conversation.sent_seq.get(position.user_id, 0))


def current_mark(flags: OwnFlags, read_seq: int) -> int | None:
    """Return the message that the person marked as unread; None if they have read further since, or
    sent something. `read_seq` is the effective one."""
    if flags.marked_read_seq is None or read_seq > flags.marked_read_seq:
        return None
    return flags.marked_unread
