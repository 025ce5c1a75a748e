"""Hits: what the index has found is checked in the store before it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.domain.message import Message
from messaging.runtime.instance import Instance
from messaging.search.finding import Filters, Hit
from messaging.search.query import Query
from messaging.search.snippets import Part, snippet
from messaging.services.reactions import own_reactions


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
    read = await instance.store.get_messages_of(by_conversation)
    # Afterwards, so that nothing is shown that was written after a removal.
    memberships = await instance.store.get_memberships(user_id, list(by_conversation))
    visible_from = {one.conversation_id: one.visible_from for one in memberships}
    shown: dict[str, list[Message]] = {}
    for message in read.values():
        first_seq = visible_from.get(message.conversation_id)
        if first_seq is None or message.seq < first_seq or not _matches(message, query, filters):
            continue
        shown.setdefault(message.conversation_id, []).append(message)
    own: dict[str, Sequence[str]] = {}
    for messages in shown.values():  # nearly always without a read
        own |= await own_reactions(instance, user_id=user_id, messages=messages)
    return [
        FoundMessage(
            message=read[hit.message_id],
            own_reactions=own[hit.message_id],
            snippet=snippet(query, read[hit.message_id].text or ""),
        )
        for hit in hits
        if hit.message_id in own
    ]


def _matches(message: Message, query: Query, filters: Filters) -> bool:
    """Return whether a message matches as it is now. It may have changed since it was indexed."""
    if message.deleted_at is not None or not message.text:
        return False
    if filters.sender_id is not None and message.sender_id != filters.sender_id:
        return False
    return query.matches(message.text)
