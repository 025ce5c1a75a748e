"""Searches: pages of hits, newest first."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging.domain.exceptions import InvalidRequest, NotFound, SearchUnavailable
from messaging.domain.identifiers import is_stored_user_id
from messaging.runtime.instance import Instance
from messaging.search.finding import Filters
from messaging.search.index import SearchIndex, is_shared
from messaging.search.positions import MAX_POSITION
from messaging.search.query import parse
from messaging.services.rules.rights import access_conversation
from messaging.services.search.hits import FoundMessage, checked

_MAX_ROUNDS = 4
"""The searches of one page. The store has refused some hits of each before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    items: Sequence[FoundMessage]
    next_cursor: str | None
    """None at the end. A page may be short, or empty, and have one."""
    behind: float
    """The seconds that the index is behind."""


async def search_messages(
    instance: Instance,
    *,
    user_id: str,
    q: str,
    conversation_id: str | None,
    sender_id: str | None = None,
    before: datetime | None = None,
    after: datetime | None = None,
    cursor: str | None = None,
    limit: int,
) -> SearchPage:
    """Return the messages that this person may see and that have all words of `q`, newest first.

    The store decides: each hit is read there, and then the person's membership. A page thus costs
    at most two reads for each hit. Raises InvalidRequest, NotFound, ConversationNotFound,
    NotAParticipant, SearchUnavailable, StoreUnavailable.
    """
    query = parse(q)
    below = MAX_POSITION if cursor is None else _decode_cursor(cursor)
    if conversation_id is not None:
        await access_conversation(instance, user_id=user_id, conversation_id=conversation_id)
    index = _require_index(instance)
    if sender_id is not None and not is_stored_user_id(sender_id):
        return SearchPage(items=[], next_cursor=None, behind=index.behind)
    filters = Filters(
        conversation_id=conversation_id, sender_id=sender_id, before=before, after=after
    )
    found: list[FoundMessage] = []
    next_cursor: str | None = None
    for _ in range(_MAX_ROUNDS):
        wanted = limit - len(found)
        hits = await index.find(user_id, query, filters, below=below, limit=wanted)
        found += await checked(instance, user_id, hits.hits, query, filters)
        next_cursor = None if hits.below is None else _encode_cursor(hits.below)
        if hits.below is None or len(hits.hits) < wanted or len(found) == limit:
            break
        below = hits.below
    return SearchPage(items=found, next_cursor=next_cursor, behind=index.behind)


def _require_index(instance: Instance) -> SearchIndex:
    """Raises NotFound if search is off, SearchUnavailable if each instance has its own index."""
    if instance.search is None and is_shared():
        raise NotFound("Search is switched off on this server.")
    if instance.search is None:
        raise SearchUnavailable(
            "Search needs a database that all instances share. Ask the operator of this server."
        )
    return instance.search


def _encode_cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _decode_cursor(cursor: str) -> int:
    """Raises InvalidRequest."""
    try:
        position = int(base64.urlsafe_b64decode(cursor).decode("ascii"))
    except ValueError:
        position = MAX_POSITION + 1
    if not -MAX_POSITION <= position <= MAX_POSITION:
        raise InvalidRequest.of("cursor", "The cursor is not valid. Start without one.")
    return position
