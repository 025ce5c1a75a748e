"""All conversations that a person is or was in.

Almost all have a read position of the person. A position is missing if an earlier erasure removed
it and the person came back to a direct conversation, which keeps its two people.
"""

from collections.abc import AsyncIterator, Sequence

from messaging.concurrency.retries import retried
from messaging.stores.conversations import Store
from messaging.stores.erasure import ErasureStore

PAGE = 200
POSITIONS = 10_000
"""The ids that are read at once: SQL sorts all ids of the person for each page."""


async def conversation_ids(
    user_id: str, *, store: Store, erasure: ErasureStore
) -> AsyncIterator[str]:
    """Yield the id of each conversation once, also if it cannot be read. What begins meanwhile may
    be missing. Raises StoreUnavailable."""
    yielded = set()
    async for page in _pages(user_id, store=store):
        positions = await retried(store.get_read_positions, user_id, page)
        for conversation_id in page:
            if conversation_id not in positions:
                yielded.add(conversation_id)
                yield conversation_id
    after, positioned = "", erasure.list_positions
    while listed := await retried(positioned, user_id, limit=POSITIONS, after=after):
        for conversation_id in listed:
            if conversation_id not in yielded:  # it has a position since
                yield conversation_id
        after = listed[-1]


async def participations(user_id: str, *, store: Store) -> AsyncIterator[str]:
    """Yield the ids of the conversations that a person is in, unreadable ones included. Raises
    StoreUnavailable."""
    async for page in _pages(user_id, store=store):
        for conversation_id in page:
            yield conversation_id


async def _pages(user_id: str, *, store: Store) -> AsyncIterator[Sequence[str]]:
    cursor: str | None = None
    while True:
        page = await retried(
            store.list_own_conversations, user_id, limit=PAGE, people=0, cursor=cursor
        )
        if ids := [*(one.id for one in page.conversations), *page.unreadable]:
            yield ids
        cursor = page.next_cursor
        if cursor is None:
            return
