"""Who may do what: the rights that services ask for before they act."""

from messaging.domain.entities import Conversation, ConversationKind, Participant, Role
from messaging.domain.exceptions import (
    Blocked,
    ConversationNotFound,
    InvalidRequest,
    MessageNotFound,
    NotAParticipant,
    PermissionDenied,
)
from messaging.domain.identifiers import RESERVED_PREFIXES, USER_ID_RULE, is_stored_id, is_user_id
from messaging.runtime.app import get_instance

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


def require_conversation_id(conversation_id: str) -> None:
    """Raises ConversationNotFound for what cannot be an id of ours, before it reaches a store."""
    if not is_stored_id(conversation_id):
        raise ConversationNotFound


def require_user_id(field: str, user_id: str) -> None:
    """Raise InvalidRequest, which names the field, for an id that no person may have."""
    if is_user_id(user_id):
        return
    if user_id.startswith(RESERVED_PREFIXES):
        detail = f"User ids that begin with {' or '.join(RESERVED_PREFIXES)} are reserved."
        raise InvalidRequest.of(field, detail, "reserved")
    raise InvalidRequest.of(field, f"The user id is not valid: {USER_ID_RULE}.")


def require_message_id(message_id: str) -> None:
    if not is_stored_id(message_id):
        raise MessageNotFound


async def access_conversation(*, user_id: str, conversation_id: str) -> Conversation:
    """The conversation, at most two seconds old, for one of its participants.

    Raises ConversationNotFound, NotAParticipant; a refusal rests on a state read just now.
    """
    require_conversation_id(conversation_id)
    cached = get_instance().cache.get_fresh(conversation_id)
    if cached is not None and user_id in cached.participants:
        return cached
    return await read_conversation(user_id=user_id, conversation_id=conversation_id)


async def read_conversation(*, user_id: str, conversation_id: str) -> Conversation:
    """The conversation as the store has it now, for one of its participants. Raises as
    `access_conversation`."""
    require_conversation_id(conversation_id)
    instance = get_instance()
    conversation = await instance.store.get_conversation(conversation_id)
    if conversation is None:
        raise ConversationNotFound
    instance.cache.put(conversation)
    require_participant(conversation, user_id)
    return conversation
