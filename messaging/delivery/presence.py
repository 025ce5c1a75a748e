"""Presence: who has a socket on any instance.

Each instance keeps a Redis set of its connected users under a lease and renews it with one
pipelined heartbeat: the cost grows with instances, not with sockets, and the users of a dead
instance are offline when its lease ends, with nobody cleaning up.

Not promised: with Redis gone only the users of this instance are known; others count as offline.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

import redis.asyncio
import structlog

from messaging.delivery.redis_client import TIMEOUT_SECONDS, UNREACHABLE
from messaging.tasks import start_task, stop_tasks

logger = structlog.get_logger(__name__)

LEASE_SECONDS = 15
_HEARTBEAT_SECONDS = 5.0
_REBUILD_SECONDS = 60.0
_CHUNK = 1_000
_REGISTRY = "chat:presence:instances"
_NOBODY = ""
"""A member of every set, so that an instance without users is told from one that lost its set."""


class LocalUsers(Protocol):
    """The users with a socket on this instance."""

    def __contains__(self, user_id: str) -> bool: ...

    @property
    def user_ids(self) -> Sequence[str]: ...


class Presence:
    def __init__(
        self, local: LocalUsers, client: redis.asyncio.Redis | None, *, boot_id: str
    ) -> None:
        """`boot_id` differs at each start: a set left by an earlier life is never taken over."""
        self._local = local
        self._redis = client
        self._boot_id = boot_id
        self._key = _users_key(boot_id)
        self._others: list[str] = []
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> bool:
        """Enter the registry of instances, then keep the lease. False where Redis did not answer
        within a second: then the entry follows."""
        if self._redis is None:
            return False
        registered = await self._register(self._redis)
        self._task = start_task(self._work(self._redis))
        return registered

    @property
    def other_boot_ids(self) -> Sequence[str]:
        """The instances in the registry besides this one, as of the last heartbeat."""
        return self._others

    async def stop(self) -> None:
        """Say goodbye: this instance's users are offline at once."""
        if self._redis is None or self._task is None:
            return
        await stop_tasks(self._task)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.delete(self._key)
                pipeline.zrem(_REGISTRY, self._boot_id)
                await pipeline.execute()
        except UNREACHABLE:
            pass  # the lease ends by itself

    def changed(self, user_id: str) -> None:
        """Somebody connected or disconnected here."""
        if self._redis is not None:
            self._changed.add(user_id)
            self._wake.set()

    async def online(self, user_ids: Iterable[str]) -> frozenset[str]:
        """Those of the users who have a socket somewhere: one round trip for any number."""
        user_ids = list(user_ids)
        here = {user_id for user_id in user_ids if user_id in self._local}
        elsewhere = [user_id for user_id in user_ids if user_id not in here]
        if self._redis is None or not self._others or not elsewhere:
            return frozenset(here)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                for boot_id in self._others:
                    pipeline.smismember(_users_key(boot_id), elsewhere)
                answers = await pipeline.execute()
        except UNREACHABLE as error:
            logger.warning("presence.unknown", error=repr(error))
            return frozenset(here)
        for answer in answers:
            here.update(u for u, present in zip(elsewhere, answer, strict=True) if present)
        return frozenset(here)

    async def _register(self, client: redis.asyncio.Redis) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._heartbeat(client)
        except UNREACHABLE as error:
            logger.warning("presence.not_registered", error=repr(error))
            return False
        return True

    async def _work(self, client: redis.asyncio.Redis) -> None:
        rebuild_at = heartbeat_at = 0.0
        while True:
            now = time.monotonic()
            try:
                if now >= heartbeat_at:
                    heartbeat_at = now + _HEARTBEAT_SECONDS
                    if not await self._heartbeat(client) or now >= rebuild_at:
                        await self._rebuild(client)
                        rebuild_at = now + _REBUILD_SECONDS
                await self._write_changed(client)
            except UNREACHABLE as error:
                logger.warning("presence.write_failed", error=repr(error))
                rebuild_at = 0.0
                await asyncio.sleep(1)
            try:
                async with asyncio.timeout(max(heartbeat_at - time.monotonic(), 0)):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def _heartbeat(self, client: redis.asyncio.Redis) -> bool:
        """Renew the lease and learn who else is there. False when the own set is gone, or was
        begun anew by a single change since."""
        seconds, _ = await client.time()
        pipeline = client.pipeline(transaction=False)
        pipeline.expire(self._key, LEASE_SECONDS)
        pipeline.sismember(self._key, _NOBODY)
        pipeline.zadd(_REGISTRY, {self._boot_id: seconds})
        pipeline.zremrangebyscore(_REGISTRY, "-inf", seconds - LEASE_SECONDS)
        pipeline.zrange(_REGISTRY, 0, -1)
        _, whole, _, _, boot_ids = await pipeline.execute()
        self._others = [boot_id for boot_id in boot_ids if boot_id != self._boot_id]
        return bool(whole)

    async def _rebuild(self, client: redis.asyncio.Redis) -> None:
        """Write the set anew: after a stall, a flush or a failover, and against drift."""
        user_ids = [_NOBODY, *self._local.user_ids]
        pipeline = client.pipeline(transaction=True)  # nobody is offline in between
        pipeline.delete(self._key)
        for start in range(0, len(user_ids), _CHUNK):
            pipeline.sadd(self._key, *user_ids[start : start + _CHUNK])
        pipeline.expire(self._key, LEASE_SECONDS)
        await pipeline.execute()

    async def _write_changed(self, client: redis.asyncio.Redis) -> None:
        changed, self._changed = self._changed, set()
        here = [user_id for user_id in changed if user_id in self._local]
        gone = [user_id for user_id in changed if user_id not in self._local]
        pipeline = client.pipeline(transaction=False)
        if here:
            pipeline.sadd(self._key, *here)
        if gone:
            pipeline.srem(self._key, *gone)
        if here or gone:
            pipeline.expire(self._key, LEASE_SECONDS)  # also where it begins a lost set anew
            await pipeline.execute()


def _users_key(boot_id: str) -> str:
    return f"chat:presence:users:{boot_id}"
