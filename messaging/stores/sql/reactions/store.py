"""The reads of reactions; a commit of the conversation writes them."""

from collections.abc import Collection, Mapping, Sequence

from messaging.domain.message import ReactionKey
from messaging.stores.sql.connections.calls import Calls, count, queried
from messaging.stores.sql.reactions import rows


class SqlReactionStore:
    """Implements `messaging.stores.reactions.ReactionStore` in the threads of the SQL store.

    The ids of messages are unique in all conversations, so none is needed here.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def get_reactions(
        self, conversation_id: str, keys: Collection[ReactionKey]
    ) -> Mapping[ReactionKey, tuple[str, ...]]:
        if not keys:
            return {}
        found = await self._calls.read("get_reactions", rows.get, keys)
        count("get_reactions", read=len(keys))
        return found

    async def list_reactions(
        self, conversation_id: str, message_id: str, emoji: str, *, after: str = "", limit: int
    ) -> Sequence[str]:
        found = await self._calls.read(
            "list_reactions", rows.list_people, message_id, emoji, after, limit
        )
        count("list_reactions", read=queried(len(found)))
        return found

    async def list_messages_with_reactions(
        self, conversation_id: str, message_ids: Collection[str]
    ) -> Collection[str]:
        found = await self._calls.read(
            "list_messages_with_reactions", rows.list_messages, message_ids
        )
        count("list_messages_with_reactions", read=queried(len(found)))
        return found

    async def remove_reactions(self, conversation_id: str, message_id: str) -> None:
        removed = await self._calls.write("remove_reactions", rows.remove, message_id)
        count("remove_reactions", read=queried(removed), deleted=removed)
