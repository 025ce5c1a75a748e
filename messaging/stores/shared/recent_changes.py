"""Recent changes, read in pages: after an outage there may be many."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from messaging.domain.conversation import Conversation
from messaging.stores.conversations import ChangedConversations

PAGE = 100
"""The conversations per page; one of 1,000 people takes a tenth of a megabyte."""


async def each_page(
    read_page: Callable[[Conversation | None], Awaitable[ChangedConversations]],
) -> AsyncIterator[ChangedConversations]:
    """Yield all pages. `read_page` gets the last conversation of the previous page. It returns up
    to `PAGE` that follow it in the order of `updated_at`, then id. A conversation that changes
    meanwhile moves to the end, and is read once more."""
    page = await read_page(None)
    yield page
    while len(page.conversations) == PAGE:
        page = await read_page(page.conversations[-1])
        yield page


async def all_pages(pages: AsyncIterator[ChangedConversations]) -> ChangedConversations:
    """Return all pages as one, each conversation once."""
    found: dict[str, Conversation] = {}
    read_at: datetime | None = None
    async for page in pages:
        found |= {conversation.id: conversation for conversation in page.conversations}
        read_at = min(read_at or page.read_at, page.read_at)
    assert read_at is not None
    return ChangedConversations(conversations=list(found.values()), read_at=read_at)
