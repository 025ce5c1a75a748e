"""Presence: who has a socket on any instance, and when each user was last active.

Each instance keeps a Redis set of its connected users under a lease, which one pipelined heartbeat
renews. The cost grows with instances, not with sockets. The users of a crashed instance are offline
when its lease ends; nothing has to clean up.

Not promised: without Redis only the users of this instance are known; others count as offline.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import redis.asyncio

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.presence import last_acts
from messaging.presence.last_acts import LastActs
from messaging.redis.client import TIMEOUT_SECONDS, UNREACHABLE, Outage
from messaging.redis.untrusted_values import (
    MAX_INSTANCES,
    answers_of,
    as_list,
    as_moment,
    boot_ids,
)

LEASE_SECONDS = 15
_HEARTBEAT_SECONDS = 5.0
_REBUILD_SECONDS = 60.0
_DOUBT_SECONDS = 6.0
"""The time after Redis has lost its data until all instances have noticed and rewritten their
sets."""
_REST_SECONDS = 0.05
"""After a write of changes: people who connect together share the next one."""
_CHUNK = 1_000
REGISTRY = "chat:presence:instances"
_NOBODY = ""
"""A member of every set. It distinguishes an instance without users from one that lost its set."""


class LocalUsers(Protocol):
    """The users with a socket on this instance."""

    def __contains__(self, user_id: str) -> bool: ...

    def among(self, user_ids: Set[str]) -> Set[str]:
        """Return which of these people have one."""

    @property
    def user_ids(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The known presence of some users."""

    online: frozenset[str]
    acted_at: Mapping[str, float]
    """Seconds since the epoch, by user id, if known."""
    complete: bool
    """False if Redis did not answer recently, or has lost its data. Then users of other instances
    may be missing."""


class Presence:
    def __init__(
        self, local: LocalUsers, client: redis.asyncio.Redis | None, *, boot_id: str
    ) -> None:
        """Create the presence. `boot_id` differs at each start, so a set of an earlier run is never
        reused."""
        self._local = local
        self._redis = client
        self._boot_id = boot_id
        self._key = _users_key(boot_id)
        self._others: list[str] = []
        self.registered: frozenset[str] = frozenset()
        """The other instances in the registry, as of the last heartbeat, by boot id."""
        self._changed: set[str] = set()
        self._written = False
        self._heartbeat_at = self._rebuild_at = 0.0
        """When each is due, by the monotonic clock."""
        self._doubted_until = 0.0
        self._unwritten = Outage("presence.not_written")
        self._unknown = Outage("presence.unknown")
        self._acts = LastActs()
        """Written with the next heartbeat or change."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> bool:
        """Enter the registry of instances, then keep the lease. Return False if Redis did not
        answer within a second: then the entry follows."""
        if self._redis is None:
            return False
        registered = await self._register(self._redis)
        self._task = start_task(repeat(partial(self._work, self._redis), failed="presence.failed"))
        return registered

    def met(self, boot_id: str) -> bool:
        """Add an instance that entered the registry after the last heartbeat. The next heartbeat
        decides whether it stays. Return whether it is new here."""
        if boot_id in self._others or len(self._others) >= MAX_INSTANCES:
            return False
        self._others.append(boot_id)
        return True

    async def stop(self) -> None:
        """Remove this instance: its users are offline at once."""
        if self._redis is None or self._task is None:
            return
        await stop_tasks(self._task)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.delete(self._key)
                pipeline.zrem(REGISTRY, self._boot_id)
                await pipeline.execute()
        except UNREACHABLE:
            pass  # the lease expires

    def changed(self, user_id: str) -> None:
        """Record that a person connected or disconnected here."""
        if self._redis is not None:
            self._changed.add(user_id)
            self._wake.set()

    def acted(self, user_id: str) -> None:
        """Record activity here: a send, a read, typing, or a client's report."""
        self._acts.note(user_id, shared=self._redis is not None)

    async def online(self, user_ids: Iterable[str]) -> Set[str]:
        """Return the users who have a socket somewhere; one round trip for any number."""
        asked = frozenset(user_ids)
        here = self._local.among(asked)
        if len(here) == len(asked):
            return here
        seen = await self._ask(list(asked - here), acted=())
        return seen.online | here

    async def look(self, user_ids: Iterable[str]) -> Seen:
        """Return who has a socket somewhere, and when each was last active; one round trip for any
        number."""
        user_ids = list(user_ids)
        here = {user_id for user_id in user_ids if user_id in self._local}
        elsewhere = [user_id for user_id in user_ids if user_id not in here]
        seen = await self._ask(elsewhere, acted=user_ids)
        acted_at = self._acts.merged(user_ids, seen.acted_at)
        return Seen(online=seen.online | here, acted_at=acted_at, complete=seen.complete)

    async def elsewhere(self, user_id: str) -> Sequence[str]:
        """Return the boot ids of the other instances on which a person has a socket; none if Redis
        does not answer."""
        others = tuple(self._others)
        if self._redis is None or not others or not self._unknown.may_ask():
            return ()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                for boot_id in others:
                    pipeline.sismember(_users_key(boot_id), user_id)
                answers = await answers_of(pipeline)
        except UNREACHABLE as error:
            self._unknown.failed(error)
            return ()
        self._unknown.over()
        return [boot_id for boot_id, present in zip(others, answers, strict=True) if present]

    async def _ask(self, user_ids: Sequence[str], *, acted: Sequence[str]) -> Seen:
        """Ask Redis which of the users are on other instances, and when those of `acted` were last
        active anywhere."""
        others = tuple(self._others) if user_ids else ()
        if self._redis is None or not (others or acted):
            return Seen(online=frozenset(), acted_at={}, complete=True)
        if not self._unknown.may_ask():
            return Seen(online=frozenset(), acted_at={}, complete=False)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                for boot_id in others:
                    pipeline.smismember(_users_key(boot_id), list(user_ids))
                if acted:
                    pipeline.mget([last_acts.key_of(user_id) for user_id in acted])
                    pipeline.sismember(self._key, _NOBODY)
                answers = await answers_of(pipeline)
        except UNREACHABLE as error:
            self._unknown.failed(error)
            return Seen(online=frozenset(), acted_at={}, complete=False)
        self._unknown.over()
        online = {
            user_id
            for answer in answers[: len(others)]
            for user_id, present in zip(user_ids, as_list(answer, len(user_ids)), strict=True)
            if present
        }
        moments, whole = answers[-2:] if acted else ((), True)
        if self._written and not whole:  # nor are the sets of the others
            self._doubt()
        acted_at = {
            user_id: moment
            for user_id, value in zip(acted, as_list(moments, len(acted)), strict=True)
            if (moment := as_moment(value)) is not None
        }
        complete = time.monotonic() >= self._doubted_until
        return Seen(online=frozenset(online), acted_at=acted_at, complete=complete)

    def _doubt(self) -> None:
        """Note that Redis is or was down: users who are missing in its sets may be back soon."""
        self._doubted_until = time.monotonic() + _DOUBT_SECONDS

    async def _register(self, client: redis.asyncio.Redis) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._heartbeat(client)
        except UNREACHABLE as error:
            self._unwritten.failed(error)
            return False
        return True

    async def _work(self, client: redis.asyncio.Redis) -> None:
        """Write what is due, and wait for the next heartbeat or change."""
        try:
            await self._write(client)
        except UNREACHABLE as error:
            self._unwritten.failed(error)
            self._doubt()
            self._rebuild_at = 0.0
            await asyncio.sleep(1)
        except Exception:
            self._rebuild_at = 0.0  # the changes are lost
            raise
        try:
            async with asyncio.timeout(max(self._heartbeat_at - time.monotonic(), 0)):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _write(self, client: redis.asyncio.Redis) -> None:
        now = time.monotonic()
        if now >= self._heartbeat_at:
            self._heartbeat_at = now + _HEARTBEAT_SECONDS
            whole = await self._heartbeat(client)
            if self._written and not whole:
                self._doubt()
            if not whole or now >= self._rebuild_at:
                await self._rebuild(client)
                self._rebuild_at = now + _REBUILD_SECONDS
            self._unwritten.over()
        if await self._write_changed(client):
            await asyncio.sleep(_REST_SECONDS)
        if self._acts.many_wait:
            self._wake.set()

    async def _heartbeat(self, client: redis.asyncio.Redis) -> bool:
        """Renew the lease and read the registry. Return False if the own set is gone, or a single
        change has recreated it since.

        Entries ahead of Redis' own clock are removed, because they would never expire. A registry
        of another type is deleted and created again."""
        seconds, _ = await client.time()
        pipeline = client.pipeline(transaction=False)
        pipeline.expire(self._key, LEASE_SECONDS)
        pipeline.sismember(self._key, _NOBODY)
        pipeline.zadd(REGISTRY, {self._boot_id: seconds})
        pipeline.zremrangebyscore(REGISTRY, "-inf", seconds - LEASE_SECONDS)
        pipeline.zremrangebyscore(REGISTRY, f"({seconds + LEASE_SECONDS}", "+inf")
        pipeline.zrange(REGISTRY, 0, MAX_INSTANCES, desc=True)
        _, whole, entered, *_, registered = await answers_of(pipeline)
        if entered is None:
            await client.delete(REGISTRY)
        self._others = [one for one in boot_ids(registered) if one != self._boot_id]
        self.registered = frozenset(self._others)
        return bool(whole)

    async def _rebuild(self, client: redis.asyncio.Redis) -> None:
        """Rewrite the set: after a stall, a flush or a failover, and against drift."""
        user_ids = [_NOBODY, *self._local.user_ids]
        pipeline = client.pipeline(transaction=True)  # nobody appears offline in between
        pipeline.delete(self._key)
        for start in range(0, len(user_ids), _CHUNK):
            pipeline.sadd(self._key, *user_ids[start : start + _CHUNK])
        pipeline.expire(self._key, LEASE_SECONDS)
        await pipeline.execute()
        self._written = True

    async def _write_changed(self, client: redis.asyncio.Redis) -> bool:
        """Write the changes, and return whether there were any."""
        changed, self._changed = self._changed, set()
        here = [user_id for user_id in changed if user_id in self._local]
        gone = [user_id for user_id in changed if user_id not in self._local]
        pipeline = client.pipeline(transaction=False)
        if here:
            pipeline.sadd(self._key, *here)
        if gone:
            pipeline.srem(self._key, *gone)
        if here or gone:
            pipeline.expire(self._key, LEASE_SECONDS)  # also if it creates a lost set
        acted = self._acts.take()
        last_acts.write(pipeline, acted)
        if here or gone or acted:
            try:
                await answers_of(pipeline)  # the heartbeat rewrites a set of another type
            except BaseException:
                self._acts.put_back(acted)
                raise
        return bool(here or gone or acted)


def _users_key(boot_id: str) -> str:
    return f"chat:presence:users:{boot_id}"
