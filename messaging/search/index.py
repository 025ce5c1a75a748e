"""The search index of an instance: finds messages for a person, and knows how far it is behind."""

import time

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.concurrency.turns import Turns
from messaging.domain.exceptions import SearchUnavailable, StoreUnavailable
from messaging.followers.following import Following
from messaging.followers.walk import WalkStep
from messaging.instruments.follower_metrics import SEARCH_SECONDS
from messaging.search.finding import Filters, Hits, find
from messaging.search.follower import SearchFollower
from messaging.search.positions import MAX_POSITION
from messaging.search.query import Query
from messaging.stores.sql.connections.calls import Calls

_MOST_WAITING = 4
_PATIENCE = 3.0


class SearchIndex:
    """Searches run on connections of their own, a few at a time and one for each person, whether or
    not the person still waits, and end after a time limit. They never count for the circuit breaker
    of the store."""

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
    ) -> Hits:
        """Return the newest messages below a position that match, and that the person may see as
        far as the index knows. Raises SearchUnavailable, RateLimited."""
        begun = time.monotonic()
        try:
            hits = await self._turns.run(
                user_id,
                lambda: self._calls.read(
                    "search", find, user_id, query, filters, below=below, limit=limit
                ),
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
