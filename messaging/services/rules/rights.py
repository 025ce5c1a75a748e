"""Rights: the checks of services before they act."""

from collections.abc import Iterable

from messaging.changes.rights import require_participant
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound, InvalidRequest
from messaging.domain.identifiers import require_conversation_id
from messaging.domain.message import Message
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


async def conversation_up_to(
    instance: Instance, seq: int, user_id: str, conversation_id: str
) -> Conversation:
    """Return the conversation, which contains this message number. Also raises InvalidRequest."""
    conversation = await access_conversation(
        instance, user_id=user_id, conversation_id=conversation_id
    )
    if seq > conversation.seq:
        conversation = await read_conversation(
            instance, user_id=user_id, conversation_id=conversation_id
        )
        require_seq(conversation, seq)
    return conversation


def require_seq(conversation: Conversation, seq: int) -> None:
    """Require that the conversation contains this message number. Raises InvalidRequest."""
    if seq > conversation.seq:
        raise InvalidRequest.of(
            "seq", "No message has this seq yet. Use at most the latest seq.", "max_value"
        )


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


async def still_in(
    instance: Instance, conversation: Conversation, user_id: str, messages: Iterable[Message]
) -> Conversation:
    """Check again that the person is a participant, if a message has changed since the copy was
    read. The copy may be two seconds old, and nothing after a removal may be read."""
    if all(message.version <= conversation.version for message in messages):
        return conversation
    return await read_conversation(instance, user_id=user_id, conversation_id=conversation.id)
