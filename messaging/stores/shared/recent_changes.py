"""Recent changes, read in pages: after an outage there may be many."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from messaging.domain.conversation import Conversation
from messaging.stores.conversations import ChangedConversations

PAGE = 100
"""The conversations per page; one of 1,000 people takes a tenth of a megabyte."""

Place = tuple[datetime, str]
"""`updated_at` and id of a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPage:
    changed: ChangedConversations
    last: Place | None
    """The place of the last conversation of a full page; None if none follows it."""


async def each_page(
    read_page: Callable[[Place | None], Awaitable[ChangedPage]],
) -> AsyncIterator[ChangedConversations]:
    """Yield all pages. `read_page` gets the last place of the previous page. It returns up to
    `PAGE` that follow it in the order of `updated_at`, then id. A conversation that changes
    meanwhile moves to the end, and is read once more."""
    after: Place | None = None
    while True:
        page = await read_page(after)
        yield page.changed
        after = page.last
        if after is None:
            return


async def all_pages(pages: AsyncIterator[ChangedConversations]) -> ChangedConversations:
    """Return all pages as one, each conversation once."""
    found: dict[str, Conversation] = {}
    unreadable: dict[str, None] = {}
    read_at: datetime | None = None
    async for page in pages:
        found |= {conversation.id: conversation for conversation in page.conversations}
        unreadable |= dict.fromkeys(page.unreadable)
        read_at = min(read_at or page.read_at, page.read_at)
    assert read_at is not None
    return ChangedConversations(
        conversations=list(found.values()), read_at=read_at, unreadable=tuple(unreadable)
    )
