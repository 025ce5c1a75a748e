"""Recent changes, read in pages: after an outage there may be many."""

from collections.abc import Awaitable, Callable

from messaging.domain.conversation import Conversation
from messaging.stores.conversations import ChangedConversations

PAGE = 100
"""The conversations per page; one of 1,000 people takes a tenth of a megabyte."""


async def read_pages(
    read_page: Callable[[Conversation | None], Awaitable[ChangedConversations]],
) -> ChangedConversations:
    """Return all pages as one. `read_page` gets the last conversation of the previous page. It
    returns up to `PAGE` that follow it in the order of `updated_at`, then id."""
    page = first = await read_page(None)
    found = {conversation.id: conversation for conversation in first.conversations}
    while len(page.conversations) == PAGE:
        page = await read_page(page.conversations[-1])
        # If one changes meanwhile, it moves to the end and is read once more.
        found |= {conversation.id: conversation for conversation in page.conversations}
    return ChangedConversations(conversations=list(found.values()), read_at=first.read_at)
