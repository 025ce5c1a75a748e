"""Handles the changes for a remote follower: leases a conversation, hands on its changes, and moves
its checkpoint.

If the process is killed in between, another one hands on the same changes once the lease has ended.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from messaging.concurrency.tasks import TaskSet
from messaging.domain.exceptions import StoreUnavailable
from messaging.followers.backoff import seconds_after
from messaging.followers.checkpoints import Checkpoint, Checkpoints, Refusal
from messaging.followers.follower import NOTHING, Followed, RemoteFollower, RetryLater
from messaging.followers.inbox import Inbox, Pending
from messaging.followers.reading import Gone, read_after
from messaging.followers.registry import Registration
from messaging.instruments.follower_metrics import FOLLOWER_CHANGES, FOLLOWER_FAILURES
from messaging.stores.conversations import Store
from messaging.stores.sql.connections.calls import Calls

logger = structlog.get_logger(__name__)

_AT_ONCE = 8
"""The conversations that a process hands on at once for one follower. A slow one holds up no
other, until all of these are slow."""
_STOP_SECONDS = 3.0
_AGAIN_SECONDS = 0.1
_LEASED_SECONDS = 2.0
"""The pause before the next look at a conversation that another process has leased."""


class RemoteHandler:
    def __init__(
        self, follower: RemoteFollower, *, store: Store, calls: Calls, inbox: Inbox, owner: str
    ) -> None:
        self._follower = follower
        self._store = store
        self._calls = calls
        self._inbox = inbox
        self._checkpoints = Checkpoints(follower.name, owner=owner)
        self.handled = 0
        self._under_way: set[str] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._tasks: TaskSet[None] = TaskSet()

    def forget(self) -> None:
        """Do nothing: every checkpoint is read when its conversation is leased."""

    async def join(self) -> None:
        """Wait for what is under way."""
        await self._tasks.join()

    async def stop(self) -> None:
        """Wait a moment for what is under way, and cancel the rest. It is due again when its leases
        end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self._tasks.join()
        await self._tasks.stop()

    async def handle(self, pending: Sequence[Pending], registered: Registration) -> None:
        """Lease these conversations, and start to hand on their changes. A leased conversation
        stays due until its changes are handed on. Raises StoreUnavailable."""
        for one in pending:
            await self._places.acquire()
            try:
                leased = await self._lease(one.conversation_id)
            except BaseException:
                self._places.release()
                raise
            if isinstance(leased, Checkpoint):
                self._under_way.add(one.conversation_id)
                self._tasks.start(self._run(one, leased, registered))
                continue
            self._places.release()
            if leased is Refusal.LEASED:
                # Its owner may have read the conversation before this change.
                loop = asyncio.get_running_loop()
                loop.call_later(_LEASED_SECONDS, self._inbox.add_now, one.conversation_id)

    async def discard(self, conversation_ids: Sequence[str]) -> None:
        for conversation_id in conversation_ids:
            await self._follower.forget(conversation_id)
        await self._calls.write("follow", self._checkpoints.delete, conversation_ids)

    async def _lease(self, conversation_id: str) -> Checkpoint | Refusal:
        if conversation_id in self._under_way:
            return Refusal.LEASED
        return await self._calls.write(
            "follow",
            self._checkpoints.claim,
            conversation_id,
            seconds=self._follower.lease_seconds + 2 * self._store.timeout + self._calls.timeout,
        )

    async def _run(
        self, pending: Pending, checkpoint: Checkpoint, registered: Registration
    ) -> None:
        try:
            await self._advance(pending, checkpoint, registered)
        except StoreUnavailable:
            pass  # logged where it was noticed; due again when the lease ends
        except Exception:
            logger.exception(
                "follower.failed",
                follower=self._follower.name,
                conversation_id=pending.conversation_id,
            )
        finally:
            self._under_way.discard(pending.conversation_id)
            self._places.release()

    async def _advance(
        self, pending: Pending, checkpoint: Checkpoint, registered: Registration
    ) -> None:
        try:
            followed = await self._next(pending, checkpoint, registered)
        except Gone:
            await self.discard([pending.conversation_id])
            return
        if followed is None:
            await self._calls.write("follow", self._checkpoints.release, checkpoint)
        elif await self._delivered(checkpoint, followed, registered.generation):
            await self._move(checkpoint, followed, registered.generation)

    async def _next(
        self, pending: Pending, checkpoint: Checkpoint, registered: Registration
    ) -> Followed | None:
        version = checkpoint.after(registered.generation)
        known = version > NOTHING or pending.founded
        if not pending.must_read and known and version == pending.since:
            return pending.followed(registered.epoch)
        return await read_after(
            self._store,
            pending.conversation_id,
            version,
            from_beginning=self._follower.from_beginning,
            started_at=registered.started_at,
            epoch=registered.epoch,
        )

    async def _delivered(self, checkpoint: Checkpoint, followed: Followed, generation: int) -> bool:
        """Hand on the changes, and return whether that succeeded. Otherwise those that were not
        handed on are due again."""
        handled: int | None = None
        try:
            async with asyncio.timeout(self._follower.lease_seconds):
                await self._follower.deliver(followed)
        except RetryLater as later:
            seconds, handled = later.seconds, later.version
        except Exception as error:
            seconds = seconds_after(checkpoint.attempts)
            logger.warning(
                "follower.not_delivered",
                follower=self._follower.name,
                conversation_id=checkpoint.conversation_id,
                attempts=checkpoint.attempts + 1,
                retry_after=round(seconds),
                exc_info=not isinstance(error, (OSError, TimeoutError)),
            )
        else:
            return True
        if handled is None or handled <= followed.since:
            await self._calls.write(
                "follow", self._checkpoints.release, checkpoint, retry_after=seconds
            )
        else:
            await self._calls.write(
                "follow",
                self._checkpoints.move,
                checkpoint,
                generation=generation,
                version=handled,
                more_until=followed.conversation.version,
                due_after=seconds,
                owned=True,
            )
        if seconds:
            FOLLOWER_FAILURES.labels(self._follower.name).inc()
        else:  # it goes on under another lease
            loop = asyncio.get_running_loop()
            loop.call_later(_AGAIN_SECONDS, self._inbox.add_now, checkpoint.conversation_id)
        return False

    async def _move(self, checkpoint: Checkpoint, followed: Followed, generation: int) -> None:
        await self._calls.write(
            "follow",
            self._checkpoints.move,
            checkpoint,
            generation=generation,
            version=followed.version,
            more_until=followed.conversation.version if followed.more else None,
            owned=True,
        )
        source = "store" if followed.changes is None else "memory"
        count = max(len(followed.messages), 1)
        self.handled += count
        FOLLOWER_CHANGES.labels(self._follower.name, source).inc(count)
        if followed.more:
            self._inbox.add_now(checkpoint.conversation_id)
