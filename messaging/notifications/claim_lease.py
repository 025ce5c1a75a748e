"""The claim lease of a job on people, held while the work on them lasts.

A claim expires, so that people are notified even if its owner dies. Work that takes longer, because
the push service or the machine is slow, renews the claim in time. Otherwise another worker would
notify them too.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

import structlog

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.recipients import Decision
from messaging.stores.decisions import ChunkKey, DecisionStore

logger = structlog.get_logger(__name__)


class ClaimLease:
    """Claimed people. They stay claimed while the context is open."""

    def __init__(
        self,
        decisions: DecisionStore,
        key: ChunkKey,
        taken: Mapping[str, Decision],
        *,
        until: datetime,
        lease: timedelta,
        expires_at: datetime,
    ) -> None:
        self.taken = taken
        self._decisions = decisions
        self._key = key
        self._until = until
        self._lease = lease
        self._expires_at = expires_at
        self._done = asyncio.Event()
        self._renewing: asyncio.Task[None] | None = None

    @property
    def lapsed(self) -> bool:
        """Return whether another process may have claimed them by now, because this one was
        stopped."""
        return datetime.now(UTC) >= self._until

    async def __aenter__(self) -> Self:
        self._renewing = start_task(
            repeat(self._renew, failed="notification.renewal_failed", during=self._is_held)
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._renewing is not None
        self._done.set()
        # Do not cancel it: a running renewal could take effect after the next write.
        await self._renewing

    def _is_held(self) -> bool:
        return not (self._done.is_set() or self.lapsed)

    async def _renew(self) -> None:
        """Renew the claim at half of its time: a write may take effect as late as the store's
        timeout."""
        if await self._done_within(self._lease / 2) or self.lapsed:
            return
        until = datetime.now(UTC) + self._lease
        claims = {
            user_id: replace(claim, claimed_until=until) for user_id, claim in self.taken.items()
        }
        try:
            await self._decisions.record(self._key, claims, expires_at=self._expires_at)
        except StoreUnavailable:
            return  # no other process can claim anything either
        self._until = until
        logger.info("notification.claim_renewed", message_id=self._key.message_id)

    async def _done_within(self, time: timedelta) -> bool:
        try:
            async with asyncio.timeout(time.total_seconds()):
                return await self._done.wait()
        except TimeoutError:
            return False
