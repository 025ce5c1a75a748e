"""Hits: what the index has found is checked in the store before it is shown."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from messaging.domain.message import Message
from messaging.runtime.instance import Instance
from messaging.search.index import Filters, Hit
from messaging.search.query import Query
from messaging.search.snippets import Part, snippet
from messaging.services.reactions import own_reactions

_READS_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMessage:
    message: Message
    own_reactions: Sequence[str]
    snippet: Sequence[Part]


async def checked(
    instance: Instance, user_id: str, hits: Sequence[Hit], query: Query, filters: Filters
) -> Sequence[FoundMessage]:
    """Return those hits that match in the store now, and that the person may see now."""
    by_conversation: dict[str, list[str]] = {}
    for hit in hits:
        by_conversation.setdefault(hit.conversation_id, []).append(hit.message_id)
    if not by_conversation:
        return []
    places = asyncio.Semaphore(_READS_AT_ONCE)

    async def read(conversation_id: str, ids: Sequence[str]) -> Mapping[str, Message]:
        async with places:
            return await instance.store.get_messages(conversation_id, ids)

    read_messages = await asyncio.gather(*(read(*one) for one in by_conversation.items()))
    # Afterwards, so that nothing is shown that was written after a removal.
    memberships = await instance.store.get_memberships(user_id, list(by_conversation))
    visible_from = {one.conversation_id: one.visible_from for one in memberships}
    messages: dict[str, Message] = {}
    own: dict[str, Sequence[str]] = {}
    for conversation_id, read_here in zip(by_conversation, read_messages, strict=True):
        first_seq = visible_from.get(conversation_id)
        if first_seq is None:
            continue
        shown = {
            id_: message
            for id_, message in read_here.items()
            if message.seq >= first_seq and _matches(message, query, filters)
        }
        messages |= shown
        own |= await own_reactions(instance, user_id=user_id, messages=list(shown.values()))
    return [
        FoundMessage(
            message=messages[hit.message_id],
            own_reactions=own[hit.message_id],
            snippet=snippet(query, messages[hit.message_id].text or ""),
        )
        for hit in hits
        if hit.message_id in messages
    ]


def _matches(message: Message, query: Query, filters: Filters) -> bool:
    """Return whether a message matches as it is now. It may have changed since it was indexed."""
    if message.deleted_at is not None or not message.text:
        return False
    if filters.sender_id is not None and message.sender_id != filters.sender_id:
        return False
    return query.matches(message.text)
