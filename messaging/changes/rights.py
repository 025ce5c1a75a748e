"""Rights: who may see a conversation, and what a participant may do in it."""

from messaging.changes.change import ConversationChange
from messaging.domain.conversation import Conversation, ConversationKind, Posting
from messaging.domain.exceptions import (
    Blocked,
    ConversationNotFound,
    MessagingError,
    NotAParticipant,
    PermissionDenied,
    PostingRestricted,
)
from messaging.domain.participant import Participant, Role

_RANK = {Role.MEMBER: 0, Role.ADMIN: 1, Role.OWNER: 2}


def authorized(change: ConversationChange, conversation: Conversation) -> bool:
    """Return whether the actor of a change may see this conversation."""
    try:
        change.authorize(conversation)
    except MessagingError:
        return False
    return True


def require_participant(conversation: Conversation, user_id: str) -> Participant:
    """Return the participant.

    Raises NotAParticipant. For a direct conversation raises ConversationNotFound, which does not
    reveal whether these two people talk.
    """
    participant = conversation.participants.get(user_id)
    if participant is not None:
        return participant
    if conversation.kind is ConversationKind.DIRECT:
        raise ConversationNotFound
    raise NotAParticipant


def require_people(conversation: Conversation) -> None:
    """Require that the conversation still has people: an operator or a service account has not
    deleted it. Raises ConversationNotFound."""
    if not conversation.participants:
        raise ConversationNotFound


def require_role(conversation: Conversation, user_id: str, role: Role) -> Participant:
    """Return the participant, who has at least this role. Also raises PermissionDenied."""
    participant = require_participant(conversation, user_id)
    if _RANK[participant.role] < _RANK[role]:
        raise PermissionDenied(f"This needs the role {role} or a higher one in the conversation.")
    return participant


def outranks(one: Participant, other: Participant) -> bool:
    return _RANK[one.role] > _RANK[other.role]


def require_group(conversation: Conversation, what: str) -> None:
    """Require a group. Raises PermissionDenied for a direct conversation: its people and title are
    fixed."""
    if conversation.kind is ConversationKind.DIRECT:
        raise PermissionDenied(f"A direct conversation has {what}.")


def require_unblocked(conversation: Conversation) -> None:
    """Require that in a direct conversation neither person blocks the other. Raises Blocked."""
    if conversation.blocked_by:
        raise Blocked


def require_unfrozen(conversation: Conversation, user_id: str) -> None:
    """Require that an operator has not frozen the conversation. Raises PermissionDenied for
    members."""
    if conversation.frozen and conversation.participants[user_id].role is Role.MEMBER:
        raise PermissionDenied(
            "An operator has frozen this conversation. Members cannot change it."
        )


def require_posting(conversation: Conversation, user_id: str) -> None:
    """Require that a participant may send messages. Raises PostingRestricted for members if only
    owners and admins may."""
    restricted = conversation.posting is Posting.ADMINS
    if restricted and conversation.participants[user_id].role is Role.MEMBER:
        raise PostingRestricted
