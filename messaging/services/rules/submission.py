"""Acting: rights are judged before a change waits for the commits of its conversation.

A change that waited first would be refused when the commit under way is over: the time of the
answer would tell a stranger that people are talking.
"""

from messaging.changes.change import ConversationChange, Outcome, authorized
from messaging.domain.exceptions import ConversationNotFound
from messaging.runtime.instance import Instance


async def submit(instance: Instance, conversation_id: str, change: ConversationChange) -> Outcome:
    """`Writer.submit` for somebody who may see the conversation.

    A copy of any age lets them through: the commit judges again. A refusal rests on a state that
    was read for it, in one read, whatever else goes on in the conversation. Raises as
    `Writer.submit`.
    """
    known = instance.cache.get(conversation_id)
    if known is None or not authorized(change, known):
        conversation = await instance.store.get_conversation(conversation_id)
        if conversation is None:
            raise ConversationNotFound
        instance.cache.put(conversation)
        instance.hub.note_version(conversation.id, conversation.version)
        change.authorize(conversation)
    return await instance.writer.submit(conversation_id, change)
