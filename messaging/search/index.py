"""The search index of an instance: finds messages for a person, and knows how far it is behind."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.concurrency.turns import Turns
from messaging.domain.exceptions import SearchUnavailable, StoreUnavailable
from messaging.followers.following import Following
from messaging.followers.walk import WalkStep
from messaging.instruments.follower_metrics import SEARCH_SECONDS
from messaging.models import SearchMembershipRecord
from messaging.search.follower import SearchFollower
from messaging.search.positions import MAX_POSITION, MICROSECOND, MILLISECOND, first_position
from messaging.search.query import Query, Term
from messaging.search.scopes import conversation_scope, sender_scope
from messaging.search.sql.dialect import Parameters, dialect_of
from messaging.stores.sql.connections.calls import Calls

_FEW_CONVERSATIONS = 32
"""Of a person with so many, the index reads only these. It passes over the messages of others
otherwise: with more conversations, the next message that the person may see is near."""
_MOST_WAITING = 4
_PATIENCE = 3.0


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


class SearchIndex:
    """Searches run on connections of their own, a few at a time and one for each person, and end
    after a time limit. They never count for the circuit breaker of the store."""

    def __init__(self, *, calls: Calls, following: Following) -> None:
        self._calls = calls
        self._runner = following.add_local(SearchFollower())
        self._turns = Turns(places=1, most_waiting=_MOST_WAITING, patience=_PATIENCE, rest=0)

    @property
    def behind(self) -> float:
        """Return for how many seconds the oldest change waits that the index lacks."""
        return self._runner.behind

    async def catch_up(self) -> None:
        """Wait until the index has everything that is known to lack. Raises StoreUnavailable."""
        await self._runner.catch_up()

    async def walk(self) -> WalkStep | None:
        """Run one step of the walk that builds the index, see `Walk.step`."""
        return await self._runner.walk()

    async def find(
        self,
        user_id: str,
        query: Query,
        filters: Filters,
        *,
        below: int = MAX_POSITION,
        limit: int,
    ) -> Sequence[Hit]:
        """Return the newest messages below a position that match, and that the person may see as
        far as the index knows. Raises SearchUnavailable, RateLimited."""
        begun = time.monotonic()
        try:
            async with self._turns.turn(user_id):
                hits = await self._calls.read(
                    "search", _find, user_id, query, filters, below=below, limit=limit
                )
        except StoreUnavailable:
            SEARCH_SECONDS.labels("slow").observe(time.monotonic() - begun)
            raise SearchUnavailable from None
        SEARCH_SECONDS.labels("ok").observe(time.monotonic() - begun)
        return hits


def make_search_index(calls: Calls, following: Following) -> SearchIndex | None:
    """Return the index, and follow the changes for it. Return None if search is off, or if the
    index would not be shared."""
    if settings.CHAT_SEARCH == "off" or not is_shared():
        return None
    return SearchIndex(calls=calls, following=following)


def is_shared() -> bool:
    """Return whether all instances have the same index. With a store beside `DATABASE_URL`, a
    SQLite file belongs to one machine."""
    if settings.CHAT_STORE == "sql" or settings.REDIS is None:
        return True
    return connections[DEFAULT_DB_ALIAS].vendor != "sqlite"


def try_query(database: BaseDatabaseWrapper) -> None:
    """Run a search of nobody's. It raises what a search would raise."""
    with database.cursor() as cursor:
        dialect = dialect_of(database)
        match = dialect.match(Query((Term(("doctor",), is_prefix=True),)), [])
        parameters: Parameters = {"user_id": "", "match": match, "first": 0, "last": 0, "limit": 1}
        cursor.execute(dialect.search, parameters)


def _find(
    database: BaseDatabaseWrapper,
    user_id: str,
    query: Query,
    filters: Filters,
    *,
    below: int,
    limit: int,
) -> Sequence[Hit]:
    scopes = [] if filters.sender_id is None else [[sender_scope(filters.sender_id)]]
    if filters.conversation_id is not None:
        scopes.append([conversation_scope(filters.conversation_id)])
    else:
        few = _few_conversations(database, user_id)
        if few is not None:
            if not few:
                return []
            scopes.append([conversation_scope(one) for one in few])
    first, last = -MAX_POSITION, below - 1
    if filters.after is not None:
        first = first_position(filters.after + MILLISECOND)
    if filters.before is not None:
        last = min(last, first_position(filters.before + MILLISECOND - MICROSECOND) - 1)
    dialect = dialect_of(database)
    parameters: Parameters = {
        "user_id": user_id,
        "match": dialect.match(query, scopes),
        "first": first,
        "last": last,
        "limit": limit,
    }
    with database.cursor() as cursor:
        cursor.execute(dialect.search, parameters)
        return [
            Hit(position=position, conversation_id=conversation_id, seq=seq, message_id=message_id)
            for position, conversation_id, seq, message_id in cursor.fetchall()
        ]


def _few_conversations(database: BaseDatabaseWrapper, user_id: str) -> Sequence[str] | None:
    """Return the conversations of a person; None if they are many."""
    records = SearchMembershipRecord.objects.using(database.alias).filter(user_id=user_id)
    found = list(records.values_list("conversation_id", flat=True)[: _FEW_CONVERSATIONS + 1])
    return found if len(found) <= _FEW_CONVERSATIONS else None
