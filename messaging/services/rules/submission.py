"""Submission: rights are checked before a change waits for the commits of its conversation.

Otherwise a stranger's refusal would arrive only after the running commit, and its timing would
reveal that people are talking.
"""

from messaging.changes.change import ConversationChange, Outcome
from messaging.changes.rights import authorized
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound
from messaging.runtime.instance import Instance


async def submit(instance: Instance, conversation_id: str, change: ConversationChange) -> Outcome:
    """Run `Writer.submit` for a person who may see the conversation.

    A cached copy of any age is enough to let them through: the commit checks again. A refusal is
    based on a state that was read for it, in one read, whatever else happens in the conversation.
    Raises the same errors as `Writer.submit`.
    """
    known = instance.cache.get(conversation_id)
    if known is None or not authorized(change, known):
        await authorize(instance, conversation_id, change)
    return await instance.writer.submit(conversation_id, change)


async def authorize(
    instance: Instance, conversation_id: str, change: ConversationChange
) -> Conversation:
    """Read the conversation, and require that the person may see it. Raises ConversationNotFound,
    NotAParticipant, StoreUnavailable."""
    conversation = await instance.store.get_conversation(conversation_id)
    if conversation is None:
        raise ConversationNotFound
    instance.cache.put(conversation)
    instance.hub.note_version(conversation.id, conversation.version)
    change.authorize(conversation)
    return conversation
