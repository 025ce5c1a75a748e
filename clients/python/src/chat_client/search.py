"""Messages by their words."""

from collections.abc import AsyncIterator
from datetime import datetime

from chat_client.models import FoundMessage, SearchPage
from chat_client.requests import Requests


async def search(
    chat: Requests,
    q: str,
    *,
    conversation_id: str | None = None,
    sender_id: str | None = None,
    before: datetime | None = None,
    after: datetime | None = None,
    limit: int = 50,
) -> AsyncIterator[FoundMessage]:
    """Yield what is found, the newest first, page by page. `q` has 2 to 200 characters: all words,
    `"phrases"`, the beginning of the last word. `limit` is that of one page. Raises ChatError."""
    query: dict[str, object] = {
        "q": q,
        "conversation_id": conversation_id,
        "sender_id": sender_id,
        "limit": limit,
        "before": None if before is None else before.isoformat(),
        "after": None if after is None else after.isoformat(),
    }
    cursor: str | None = None
    while True:
        page = await chat.request(
            "GET", "search", query={**query, "cursor": cursor}, kind=SearchPage
        )
        for one in page.items:
            yield one
        cursor = page.next_cursor  # a page may be empty and have a next one
        if cursor is None:
            return
