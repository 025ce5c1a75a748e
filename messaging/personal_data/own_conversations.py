"""All conversations that a person is or was in.

Almost all have a read position of the person. A position is missing if an earlier erasure removed
it and the person came back to a direct conversation, which keeps its two people.
"""

from collections.abc import AsyncIterator, Sequence

from messaging.stores.conversations import Store
from messaging.stores.erasure import ErasureStore

PAGE = 200
POSITIONS = 10_000
"""The ids that are read at once: SQL sorts all ids of the person for each page."""


async def conversation_ids(
    user_id: str, *, store: Store, erasure: ErasureStore
) -> AsyncIterator[str]:
    """Yield the id of each conversation once. What begins meanwhile may be missing. Raises
    StoreUnavailable."""
    yielded = set()
    async for page in _pages(user_id, store=store):
        positions = await store.get_read_positions(user_id, page)
        for conversation_id in page:
            if conversation_id not in positions:
                yielded.add(conversation_id)
                yield conversation_id
    after = ""
    while listed := await erasure.list_positions(user_id, limit=POSITIONS, after=after):
        for conversation_id in listed:
            if conversation_id not in yielded:  # it has a position since
                yield conversation_id
        after = listed[-1]


async def participations(user_id: str, *, store: Store) -> AsyncIterator[str]:
    """Yield the ids of the conversations that a person is in, latest activity first. Raises
    StoreUnavailable."""
    async for page in _pages(user_id, store=store):
        for conversation_id in page:
            yield conversation_id


async def _pages(user_id: str, *, store: Store) -> AsyncIterator[Sequence[str]]:
    cursor: str | None = None
    while True:
        page = await store.list_own_conversations(user_id, limit=PAGE, people=0, cursor=cursor)
        if page.conversations:
            yield [one.id for one in page.conversations]
        cursor = page.next_cursor
        if cursor is None:
            return
