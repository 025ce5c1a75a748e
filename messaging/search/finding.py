"""Finds messages in the index: what a person may see, as far as the index knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.models import SearchMembershipRecord
from messaging.search.positions import MAX_POSITION, MICROSECOND, MILLISECOND, first_position
from messaging.search.query import Query, Term
from messaging.search.scopes import conversation_scope, sender_scope
from messaging.search.sql.dialect import Wanted, dialect_of

_FEW_CONVERSATIONS = 32
"""Of a person with so many, the index reads only these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a search is limited to."""

    conversation_id: str | None = None
    sender_id: str | None = None
    before: datetime | None = None
    after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A message that the index has found."""

    position: int
    conversation_id: str
    seq: int
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """The newest hits, newest first."""

    hits: Sequence[Hit]
    below: int | None = None
    """Where the next search goes on: below this position. None if there are no further hits. With
    fewer hits than wanted, there may be more, but to look for them would have taken too long."""


def find(
    database: BaseDatabaseWrapper,
    user_id: str,
    query: Query,
    filters: Filters,
    *,
    below: int,
    limit: int,
) -> Hits:
    """Return the hits below a position."""
    scopes = [] if filters.sender_id is None else [[sender_scope(filters.sender_id)]]
    if filters.conversation_id is not None:
        scopes.append([conversation_scope(filters.conversation_id)])
    else:
        few = _few_conversations(database, user_id)
        if few is not None:
            if not few:
                return Hits(hits=[])
            scopes.append([conversation_scope(one) for one in few])
    first, last = -MAX_POSITION, below - 1
    if filters.after is not None:
        first = first_position(filters.after + MILLISECOND)
    if filters.before is not None:
        last = min(last, first_position(filters.before + MILLISECOND - MICROSECOND) - 1)
    wanted = Wanted(
        user_id=user_id, query=query, scopes=scopes, first=first, last=last, limit=limit
    )
    with database.cursor() as cursor:
        found = dialect_of(database).find(cursor, wanted)
    hits = [
        Hit(position=position, conversation_id=conversation_id, seq=seq, message_id=message_id)
        for position, conversation_id, seq, message_id in found.places
    ]
    return Hits(hits=hits, below=found.below)


def try_query(database: BaseDatabaseWrapper) -> None:
    """Run a search of nobody's. It raises what a search would raise."""
    query = Query((Term(("doctor",), is_prefix=True),))
    wanted = Wanted(user_id="", query=query, first=0, last=0, limit=1)
    with database.cursor() as cursor:
        dialect_of(database).find(cursor, wanted)


def _few_conversations(database: BaseDatabaseWrapper, user_id: str) -> Sequence[str] | None:
    """Return the conversations of a person; None if they are many."""
    records = SearchMembershipRecord.objects.using(database.alias).filter(user_id=user_id)
    found = list(records.values_list("conversation_id", flat=True)[: _FEW_CONVERSATIONS + 1])
    return found if len(found) <= _FEW_CONVERSATIONS else None
