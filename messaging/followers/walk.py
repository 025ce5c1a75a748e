"""The walk of a follower through all conversations: at its start, after a restore, and to rebuild.

Processes take turns at its steps, under a lease. A walk that was interrupted goes on after the last
conversation that it has visited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from messaging.followers.checkpoints import Checkpoints
from messaging.followers.inbox import Pending
from messaging.followers.registry import Registration, end_step, lease_walk
from messaging.stores.conversations import Store
from messaging.stores.sql.connections.calls import Calls

logger = structlog.get_logger(__name__)

_PAGE = 50
"""The conversations of one step."""
_LEASE_SECONDS = 60.0


class Handler(Protocol):
    """Handles the changes of conversations for one follower."""

    async def handle(self, pending: Sequence[Pending], registered: Registration) -> None:
        """Handle these conversations, or make sure that they are due. Raises StoreUnavailable."""

    async def discard(self, conversation_ids: Sequence[str]) -> None:
        """Discard conversations that the store does not have. Raises StoreUnavailable."""

    def forget(self) -> None:
        """Forget what is in memory: the store was restored, or all checkpoints are void."""

    @property
    def handled(self) -> int:
        """Return how many changes this process has handled."""

    async def join(self) -> None:
        """Wait for what is under way."""

    async def stop(self) -> None:
        """Cancel what is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkStep:
    visited: int
    """How many conversations it has visited."""
    complete: bool
    """Whether the walk is complete."""


class Walk:
    def __init__(
        self, name: str, *, store: Store, calls: Calls, handler: Handler, owner: str
    ) -> None:
        self._name = name
        self._store = store
        self._calls = calls
        self._handler = handler
        self._owner = owner
        self._checkpoints = Checkpoints(name, owner=owner)

    async def step(self) -> WalkStep | None:
        """Visit the next conversations. Return None if there is nothing to do, or if another
        process does it. Raises StoreUnavailable."""
        walked = await self._calls.write(
            "follow", lease_walk, self._name, owner=self._owner, seconds=_LEASE_SECONDS
        )
        if walked is None or walked.walk_after is None:
            return None
        ids = await self._store.list_conversation_ids(after=walked.walk_after, limit=_PAGE)
        if ids:
            await self._visit(ids, walked)
            after: str | None = ids[-1]
        else:
            await self._remove_absent(walked)
            after = None
            logger.info("follower.walked", follower=self._name)
        await self._calls.write("follow", end_step, walked, owner=self._owner, after=after)
        return WalkStep(visited=len(ids), complete=after is None)

    async def _visit(self, ids: Sequence[str], walked: Registration) -> None:
        """Handle those that the follower has not handled in this generation. A long conversation
        stays due until it is complete."""
        known = await self._calls.read("follow", self._checkpoints.get, ids)
        new = [
            Pending(conversation_id=one, must_read=True)
            for one in ids
            if known[one].generation != walked.generation
        ]
        if new:
            await self._handler.handle(new, walked)

    async def _remove_absent(self, walked: Registration) -> None:
        """Discard conversations that the walk has not met, and that the store does not have. It has
        those that are being handled, or wait for a retry."""
        after = ""
        while void := await self._calls.read(
            "follow",
            self._checkpoints.list_void,
            generation=walked.generation,
            after=after,
            limit=_PAGE,
        ):
            absent = [one for one in void if await self._store.get_conversation(one) is None]
            if absent:
                await self._handler.discard(absent)
            after = void[-1]
