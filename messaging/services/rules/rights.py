"""Rights: the checks of services before they act."""

from messaging.changes.rights import require_participant
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import (
    ConversationNotFound,
    InvalidRequest,
    MessageNotFound,
)
from messaging.domain.identifiers import RESERVED_PREFIXES, USER_ID_RULE, is_stored_id, is_user_id
from messaging.runtime.instance import Instance


def require_conversation_id(conversation_id: str) -> None:
    """Require a well-formed conversation id before it reaches a store. Raises
    ConversationNotFound."""
    if not is_stored_id(conversation_id):
        raise ConversationNotFound


def require_user_id(field: str, user_id: str) -> None:
    """Require an id that a person may have. Raises InvalidRequest, which names the field."""
    if is_user_id(user_id):
        return
    if user_id.startswith(RESERVED_PREFIXES):
        detail = (
            f"User ids that begin with {' or '.join(RESERVED_PREFIXES)} are reserved. Use another."
        )
        raise InvalidRequest.of(field, detail, "reserved")
    raise InvalidRequest.of(field, f"The user id is not valid. It must be {USER_ID_RULE}.")


def require_message_id(message_id: str) -> None:
    if not is_stored_id(message_id):
        raise MessageNotFound


async def access_conversation(
    instance: Instance, *, user_id: str, conversation_id: str
) -> Conversation:
    """Return the conversation, at most two seconds old, for one of its participants.

    Raises ConversationNotFound, NotAParticipant. A refusal is based on a state that was just read.
    """
    require_conversation_id(conversation_id)
    cached = instance.cache.get_fresh(conversation_id)
    if cached is not None and user_id in cached.participants:
        return cached
    return await read_conversation(instance, user_id=user_id, conversation_id=conversation_id)


async def read_conversation(
    instance: Instance, *, user_id: str, conversation_id: str
) -> Conversation:
    """Return the conversation from the store, for one of its participants. Raises the same errors
    as `access_conversation`."""
    require_conversation_id(conversation_id)
    conversation = await instance.store.get_conversation(conversation_id)
    if conversation is None:
        raise ConversationNotFound
    instance.cache.put(conversation)
    require_participant(conversation, user_id)
    return conversation
