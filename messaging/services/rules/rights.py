"""Rights: the checks of services before they act."""

from messaging.changes.rights import require_participant
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.identifiers import require_conversation_id
from messaging.runtime.instance import Instance


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
