"""What changed lately, read in pages: after an outage it may be much."""

from collections.abc import Awaitable, Callable

from messaging.domain.conversation import Conversation
from messaging.stores.conversations import ChangedConversations

PAGE = 100
"""Conversations; one of 1,000 people takes a tenth of a megabyte."""


async def read_pages(
    read_page: Callable[[Conversation | None], Awaitable[ChangedConversations]],
) -> ChangedConversations:
    """All pages as one. `read_page` is given the last conversation of the page before; it returns
    up to `PAGE` that come after it in the order of `updated_at`, then id."""
    page = first = await read_page(None)
    found = {conversation.id: conversation for conversation in first.conversations}
    while len(page.conversations) == PAGE:
        page = await read_page(page.conversations[-1])
        # One that changes meanwhile moves to the end, where it is met once more.
        found |= {conversation.id: conversation for conversation in page.conversations}
    return ChangedConversations(conversations=list(found.values()), read_at=first.read_at)
