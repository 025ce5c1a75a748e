"""A block is stored twice: in the document of the person who blocks, and in that of the direct
conversation."""

from messaging.runtime.instance import Instance


async def write_block_into_conversation(
    instance: Instance, conversation_id: str, user_id: str, person_id: str, *, blocked: bool
) -> None:
    """Write a person's block into their direct conversation, as it is in the person's document.

    Another request may change that document meanwhile, and write into the conversation earlier. So
    each writer reads the document afterwards, and writes again if the two differ. The last write
    then leaves both alike. Raises ConversationNotFound, StoreUnavailable.
    """
    while True:
        await instance.store.set_blocked(conversation_id, user_id, blocked=blocked)
        present = person_id in (await instance.people.get_blocks([user_id]))[user_id]
        if present == blocked:
            return
        blocked = present
