"""A person's own conversations: the list, and the total of what is unread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from messaging.concurrency.steps import in_steps
from messaging.domain.conversation import ConversationKind, ListedConversation, Membership
from messaging.domain.exceptions import InvalidRequest
from messaging.domain.limits import get_limits
from messaging.domain.participant import ReadPosition
from messaging.runtime.instance import Instance
from messaging.services.rules.own_positions import Budget, own_positions
from messaging.stores.conversations import InvalidCursor, ListedPage

_MAX_ROUNDS = 4
"""The queries for one filtered page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnListedConversation:
    """A conversation of a list, with the person's position. Large conversations do not list their
    people."""

    conversation: ListedConversation
    position: ReadPosition


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnConversationPage:
    items: Sequence[OwnListedConversation]
    next_cursor: str | None


async def list_conversations(
    instance: Instance,
    *,
    user_id: str,
    limit: int,
    cursor: str | None = None,
    archived: bool | None = None,
    kind: ConversationKind | None = None,
) -> OwnConversationPage:
    """Return a person's conversations, latest activity first. Raises InvalidRequest,
    StoreUnavailable.

    Each costs two reads: the conversation, and the person's position in it. `archived` and `kind`
    filter what was read. At most `4 * limit` documents are read, so a filtered page may be short
    or empty, and still have a `next_cursor`.
    """

    async def read() -> OwnConversationPage:
        budget = Budget(reads=4 * limit)
        items: list[OwnListedConversation] = []
        after = cursor
        for _ in range(1 if archived is None and kind is None else _MAX_ROUNDS):
            wanted = min(limit - len(items), budget.reads // 2)
            if not wanted:
                break
            page = await _list_page(instance, user_id, limit=wanted, cursor=after)
            budget.reads -= len(page.conversations)
            named = [one for one in page.conversations if kind in (None, one.kind)]
            budget.reads -= len(named)
            positions = await own_positions(instance, named, user_id, budget)
            items += [
                OwnListedConversation(conversation=one, position=positions[one.id])
                for one in named
                if archived in (None, positions[one.id].archived)
            ]
            after = page.next_cursor
            if after is None:
                break
        return OwnConversationPage(items=items, next_cursor=after)

    return await instance.turns.own_reads.run(user_id, read)


async def _list_page(
    instance: Instance, user_id: str, *, limit: int, cursor: str | None
) -> ListedPage:
    try:
        return await instance.store.list_own_conversations(
            user_id, limit=limit, people=get_limits().listed_participants, cursor=cursor
        )
    except InvalidCursor:
        raise InvalidRequest.of(
            "cursor", "The cursor is not valid. Use the next_cursor of the previous page."
        ) from None


async def count_unread(instance: Instance, *, user_id: str) -> int:
    """Return the unread total of a person's latest conversations. Raises StoreUnavailable."""
    store = instance.store

    async def read() -> tuple[Sequence[Membership], Mapping[str, ReadPosition]]:
        places = await store.list_memberships(
            user_id, limit=get_limits().latest_conversations, personal=True
        )
        behind = [place for place in places if place.sent_seq < place.seq]
        positions = await store.get_read_positions(
            user_id, [place.conversation_id for place in behind]
        )
        return behind, positions

    behind, positions = await instance.turns.own_reads.run(user_id, read)
    unread = 0
    async for place in in_steps(behind, size=100):
        position = positions.get(place.conversation_id, ReadPosition(user_id=user_id))
        read_seq = max(position.read_seq, place.sent_seq)
        unread += place.uncounted.unread(seq=place.seq, read_seq=read_seq)
    return unread
