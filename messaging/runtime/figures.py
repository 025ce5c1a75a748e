"""Live figures: each process's counts, visible to the others.

Every five seconds a process writes its figures to Redis under a lease. The figures of all
processes are read in one round trip. Without Redis there are only its own.

Not promised: exactness. A rate is that of the last five seconds.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import orjson
import redis.asyncio

from messaging import __version__
from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.instruments import metrics
from messaging.instruments.store_answers import STORE_ANSWERS
from messaging.redis.client import TIMEOUT_SECONDS, UNREACHABLE, Outage
from messaging.redis.untrusted_values import MAX_INSTANCES, answers_of, boot_ids, note_garbage

FIGURES_SECONDS = 5.0
_LEASE_SECONDS = 12
REGISTRY = "chat:figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one process at one time. Totals count from its start, rates are per second."""

    instance_id: str
    boot_id: str
    role: str
    """`instance`, or `worker` for a process that only notifies."""
    version: str
    uptime: float
    """Seconds."""
    sockets: int
    link: str
    """`up`, `down`, `recovering`; `unused` without a Redis."""
    draining: bool
    messages: int
    messages_rate: float
    deliveries: int
    deliveries_rate: float
    pushes: Mapping[str, int]
    """Pushes to devices, by result."""
    jobs: Mapping[str, int]
    """Notification jobs by path and result, `queue: dropped`."""
    decisions: Mapping[str, int]
    """People who were notified or not, by `verdict: reason`."""
    store_latency: float | None
    """The recent average seconds of a call; None if there was none."""
    store_unavailable: int
    documents: Mapping[str, int]
    """Documents by `read`, `write`, `delete`, as Firestore bills them."""
    documents_rate: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The facts about a process that no counter has."""

    instance_id: str
    boot_id: str
    uptime: float
    link: str
    draining: bool


class _Totals:
    """The counters of this process at one time."""

    def __init__(self) -> None:
        self.at = time.monotonic()
        self.messages = sum(_by(metrics.MESSAGES).values())
        self.deliveries = sum(_by(metrics.DELIVERIES).values())
        self.documents = _by(metrics.STORE_DOCUMENTS, "kind")
        self.store_calls, self.store_seconds = _calls(STORE_ANSWERS)


class LiveFigures:
    def __init__(self, client: redis.asyncio.Redis | None, status: Callable[[], Status]) -> None:
        self._redis = client
        self._status = status
        self._role = "instance"
        self._totals: _Totals | None = None
        self._own: Figures | None = None
        self._unwritten = Outage("figures.not_written")
        self._unread = Outage("figures.unknown")
        self._task: asyncio.Task[None] | None = None

    def own(self) -> Figures:
        """Return the figures of this process, at most five seconds old. Until they were counted
        once, each call counts anew; its rates are those since the call before it."""
        return self._own or self._count()

    def start(self, *, role: str) -> None:
        self._role = role
        self._task = start_task(repeat(self._publish, failed="figures.failed"))

    async def stop(self) -> None:
        """Remove the figures of this process."""
        if self._task is None:
            return
        await stop_tasks(self._task)
        if self._redis is not None:
            boot_id = self._status().boot_id
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.zrem(REGISTRY, boot_id)
            pipeline.delete(_key(boot_id))
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await pipeline.execute()
            except UNREACHABLE:
                pass  # the lease ends by itself

    async def all(self) -> tuple[Sequence[Figures], bool]:
        """Return the figures of every live process, by instance name, and whether they are
        complete: False if Redis did not answer."""
        own = self.own()
        if self._redis is None:
            return [own], True
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.zrange(REGISTRY, 0, MAX_INSTANCES, desc=True)
                (registered,) = await answers_of(pipeline)
                others = [one for one in boot_ids(registered) if one != own.boot_id]
                kept = await self._redis.mget(map(_key, others)) if others else []
        except UNREACHABLE as error:
            self._unread.failed(error)
            return [own], False
        self._unread.over()
        found = [own, *filter(None, map(_decoded, kept))]
        return sorted(found, key=lambda one: (one.role, one.instance_id)), True

    async def _publish(self) -> None:
        if self._redis is None:  # nobody waits for them: until then, they are counted when asked
            await asyncio.sleep(FIGURES_SECONDS)
            self._own = self._count()
            return
        self._own = self._count()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._write(self._redis, self._own)
        except UNREACHABLE as error:
            self._unwritten.failed(error)
        else:
            self._unwritten.over()
        await asyncio.sleep(FIGURES_SECONDS)

    async def _write(self, client: redis.asyncio.Redis, figures: Figures) -> None:
        """Write the figures, and remove processes without a renewed lease from the registry, by
        Redis' clock."""
        seconds, _ = await client.time()
        pipeline = client.pipeline(transaction=False)
        pipeline.set(_key(figures.boot_id), orjson.dumps(figures), ex=_LEASE_SECONDS)
        pipeline.zadd(REGISTRY, {figures.boot_id: seconds})
        pipeline.zremrangebyscore(REGISTRY, "-inf", seconds - _LEASE_SECONDS)
        pipeline.zremrangebyscore(REGISTRY, f"({seconds + _LEASE_SECONDS}", "+inf")
        _, entered, *_ = await answers_of(pipeline)
        if entered is None:  # another value is there; the next write replaces it
            await client.delete(REGISTRY)

    def _count(self) -> Figures:
        now, status = _Totals(), self._status()
        before = self._totals or now
        self._totals = now
        seconds = max(now.at - before.at, 0.001)
        calls = now.store_calls - before.store_calls
        latency = (now.store_seconds - before.store_seconds) / calls if calls else None
        return Figures(
            **asdict(status),
            role=self._role,
            version=__version__,
            sockets=sum(_by(metrics.SOCKETS).values()),
            messages=now.messages,
            messages_rate=(now.messages - before.messages) / seconds,
            deliveries=now.deliveries,
            deliveries_rate=(now.deliveries - before.deliveries) / seconds,
            pushes=_by(metrics.PUSHES, "result"),
            jobs=_by(metrics.NOTIFICATION_JOBS, "path", "result"),
            decisions=_by(metrics.NOTIFICATION_DECISIONS, "verdict", "reason"),
            store_latency=latency,
            store_unavailable=sum(_by(metrics.STORE_UNAVAILABLE).values()),
            documents=now.documents,
            documents_rate={
                kind: (total - before.documents.get(kind, 0)) / seconds
                for kind, total in now.documents.items()
            },
        )


def _decoded(figures: str | None) -> Figures | None:
    """Decode figures. Return None for those of another version that counts differently."""
    if figures is None:
        return None
    try:
        return _decoder.decode(figures)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        note_garbage(str(error)[:100])
        return None


_decoder = msgspec.json.Decoder(Figures)


def _by(metric: Any, *labels: str) -> dict[str, int]:
    """Return a counter or gauge, summed by some of its labels."""
    found: Counter[str] = Counter()
    for family in metric.collect():
        for sample in family.samples:
            found[": ".join(sample.labels[label] for label in labels)] += int(sample.value)
    return dict(found)


def _calls(summary: Any) -> tuple[int, float]:
    """Return the number of observations, and their sum."""
    calls, seconds = 0, 0.0
    for family in summary.collect():
        for sample in family.samples:
            if sample.name.endswith("_count"):
                calls += int(sample.value)
            elif sample.name.endswith("_sum"):
                seconds += sample.value
    return calls, seconds


def _key(boot_id: str) -> str:
    return f"chat:figures:{boot_id}"
