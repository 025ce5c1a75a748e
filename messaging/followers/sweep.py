"""The sweep: finds conversations whose version is ahead of a checkpoint, because the process that
committed ended before its followers had handled the change, or had no room for it.

One process at a time sweeps, for all followers, every half a minute. It lists the conversations
that changed since the last sweep. A conversation that is ahead of its checkpoint becomes due. On
Firestore this costs one read for each conversation, and one for each of the 16 shards without any.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, QuerySet
from django.db.transaction import atomic

from messaging.followers.checkpoints import Checkpoints
from messaging.followers.registry import list_registered
from messaging.instruments.follower_metrics import FOLLOWERS_SWEPT
from messaging.models import SweepOfFollowersRecord
from messaging.stores.conversations import Store
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.connections.clock import now

logger = structlog.get_logger(__name__)

SWEEP_SECONDS = 30.0
_LEASE_SECONDS = 60.0
_ONLY = 1


class FollowerSweep:
    def __init__(self, *, store: Store, calls: Calls, owner: str) -> None:
        self._store = store
        self._calls = calls
        self._owner = owner

    async def sweep(self, *, at_once: bool = False) -> int:
        """Sweep if the next one is due, or `at_once` unless another process sweeps. Return how many
        conversations were found. Raises StoreUnavailable."""
        claimed = await self._calls.write("follow", self._claim, at_once=at_once)
        if claimed is None:
            return 0
        begin = claimed.swept_until or await self._calls.read("follow", _first_start)
        if begin is None:
            await self._calls.write("follow", self._end, None)
            return 0
        # A commit becomes visible up to `timeout` after its time, or somewhat more.
        since = begin - timedelta(seconds=2 * self._store.timeout + 2)
        found, read_at = 0, None
        async for page in self._store.page_changed_conversations(since=since):
            read_at = min(read_at or page.read_at, page.read_at)
            versions = {one.id: one.version for one in page.conversations}
            if versions:
                found += await self._calls.write("follow", self._mark, versions)
        assert read_at is not None
        await self._calls.write("follow", self._end, read_at)
        if found:
            FOLLOWERS_SWEPT.inc(found)
            logger.info("followers.swept", since=since.isoformat(), conversations=found)
        return found

    def _claim(
        self, database: BaseDatabaseWrapper, *, at_once: bool
    ) -> SweepOfFollowersRecord | None:
        at = now(database)
        records = SweepOfFollowersRecord.objects.using(database.alias)
        records.get_or_create(id=_ONLY)
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=at)
        if at_once:
            free |= Q(owner="")
        leased_until = at + timedelta(seconds=_LEASE_SECONDS)
        if not records.filter(free).update(owner=self._owner, leased_until=leased_until):
            return None
        return records.get(id=_ONLY)

    def _mark(self, database: BaseDatabaseWrapper, versions: Mapping[str, int]) -> int:
        """Mark the conversations that are ahead, for all followers; and renew the lease."""
        found = 0
        with atomic(using=database.alias):
            for registered in list_registered(database):
                checkpoints = Checkpoints(registered.name, owner=self._owner)
                found += checkpoints.mark(database, versions, generation=registered.generation)
            self._mine(database).update(
                leased_until=now(database) + timedelta(seconds=_LEASE_SECONDS)
            )
        return found

    def _end(self, database: BaseDatabaseWrapper, swept_until: datetime | None) -> None:
        """Store how far the sweep has come. Nobody owns it until the next one is due."""
        leased_until = now(database) + timedelta(seconds=SWEEP_SECONDS)
        self._mine(database).update(owner="", leased_until=leased_until, swept_until=swept_until)

    def _mine(self, database: BaseDatabaseWrapper) -> QuerySet[SweepOfFollowersRecord]:
        return SweepOfFollowersRecord.objects.using(database.alias).filter(owner=self._owner)


def _first_start(database: BaseDatabaseWrapper) -> datetime | None:
    """Return when the first follower started; None if there is none."""
    return min((one.started_at for one in list_registered(database)), default=None)
