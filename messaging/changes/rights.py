"""Rights: what a participant of a conversation may do in it."""

from messaging.domain.conversation import Conversation, ConversationKind
from messaging.domain.exceptions import (
    Blocked,
    ConversationNotFound,
    NotAParticipant,
    PermissionDenied,
)
from messaging.domain.participant import Participant, Role

_RANK = {Role.MEMBER: 0, Role.ADMIN: 1, Role.OWNER: 2}


def require_participant(conversation: Conversation, user_id: str) -> Participant:
    """Raises NotAParticipant; for direct conversations ConversationNotFound, which does not
    tell whether these two people talk."""
    participant = conversation.participants.get(user_id)
    if participant is not None:
        return participant
    if conversation.kind is ConversationKind.DIRECT:
        raise ConversationNotFound
    raise NotAParticipant


def require_role(conversation: Conversation, user_id: str, role: Role) -> Participant:
    """A participant with at least this role. Raises PermissionDenied besides."""
    participant = require_participant(conversation, user_id)
    if _RANK[participant.role] < _RANK[role]:
        raise PermissionDenied(f"Only participants with the role {role} or above may do this.")
    return participant


def outranks(one: Participant, other: Participant) -> bool:
    return _RANK[one.role] > _RANK[other.role]


def require_group(conversation: Conversation, what: str) -> None:
    """Raises PermissionDenied in direct conversations, whose people and title are fixed."""
    if conversation.kind is ConversationKind.DIRECT:
        raise PermissionDenied(f"A direct conversation has {what}.")


def require_unblocked(conversation: Conversation) -> None:
    """Raises Blocked where one of a direct conversation's people blocks the other."""
    if conversation.blocked_by:
        raise Blocked


def require_unfrozen(conversation: Conversation, user_id: str) -> None:
    """Raises PermissionDenied for members of a conversation that an operator has stopped."""
    if conversation.frozen and conversation.participants[user_id].role is Role.MEMBER:
        raise PermissionDenied("This conversation is frozen.")
