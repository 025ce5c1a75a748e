"""Blocks between the two people of a direct conversation. Sending reads them in the conversation
alone, so a loaded one must have those that its people have made before."""

from messaging.concurrency.retries import retried
from messaging.domain.conversation import Conversation, ConversationKind
from messaging.stores import Stores


async def list_blockers(stores: Stores, conversation: Conversation) -> frozenset[str]:
    """Return the people of a direct conversation who block the other. Raises StoreUnavailable."""
    ids = list(conversation.participants)
    if conversation.kind is not ConversationKind.DIRECT or len(ids) != 2:
        return frozenset()
    blocks = await retried(stores.people.get_blocks, ids)
    pairs = zip(ids, reversed(ids), strict=True)
    return frozenset(one for one, other in pairs if other in blocks[one])


async def complete_blocks(stores: Stores, conversation: Conversation) -> None:
    """Add to a stored conversation the blocks that it does not have. Raises StoreUnavailable."""
    set_blocked = stores.conversations.set_blocked
    for user_id in await list_blockers(stores, conversation) - conversation.blocked_by:
        await retried(set_blocked, conversation.id, user_id, blocked=True)
