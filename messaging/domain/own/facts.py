"""The parts of a conversation from which one participant's own state is derived."""

from dataclasses import dataclass

from messaging.domain.conversation import Conversation, ListedConversation, Membership
from messaging.domain.participant import Preferences
from messaging.domain.uncounted import Uncounted


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFacts:
    conversation_id: str
    user_id: str
    seq: int
    uncounted: Uncounted
    sent_seq: int
    """The person's own latest message; 0 if there is none."""
    named_seq: int
    """The latest message that mentions the person or everyone, also if it was deleted since."""
    preferences: Preferences
    last_sender_id: str
    other_seq: int

    def counted(self, after: int, up_to: int) -> int:
        """Return how many messages of these numbers are neither deleted nor system messages."""
        return self.uncounted.unread(seq=up_to, read_seq=after)

    def mentioned_seq(self, read_seq: int) -> int | None:
        """Return the latest message of others above a read position that mentioned the person; None
        if there is none, or if it was deleted."""
        seq = self.named_seq
        return seq if seq > read_seq and self.counted(seq - 1, seq) else None


def facts_of(
    conversation: Conversation | ListedConversation | Membership, user_id: str
) -> OwnFacts:
    """Return a participant's facts. A membership must have been read with its personal fields."""
    if isinstance(conversation, Conversation):
        id_ = conversation.id
        sent_seq = conversation.sent_seq.get(user_id, 0)
        mentioned_seq = conversation.mentioned_seq.get(user_id, 0)
        preferences = conversation.preferences.get(user_id, Preferences())
    else:
        if isinstance(conversation, Membership):
            id_ = conversation.conversation_id
        else:
            id_ = conversation.id
        sent_seq = conversation.sent_seq
        mentioned_seq = conversation.mentioned_seq
        preferences = conversation.preferences
    return OwnFacts(
        conversation_id=id_,
        user_id=user_id,
        seq=conversation.seq,
        uncounted=conversation.uncounted,
        sent_seq=sent_seq,
        named_seq=max(mentioned_seq, conversation.mentions_all_seq),
        preferences=preferences,
        last_sender_id=conversation.last_sender_id,
        other_seq=conversation.other_seq,
    )
