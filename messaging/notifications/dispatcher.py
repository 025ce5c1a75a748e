"""The dispatcher of one process: puts jobs on the queue, or carries them out itself.

Jobs wait in memory until SQS has accepted them, ten at a time. If no queue is configured, or the
queue does not accept them, the same jobs run directly, a bounded number at once. After a pause the
queue is tried again. If both the queue and this process have a job, its claims prevent a second
push.

Not promised: above the bound of waiting jobs, the newest are dropped with a warning. A killed
process loses the jobs that it had not handed over; the sweep after a crash makes up for them.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

import structlog

from messaging.concurrency.circuit_breaker import CircuitBreaker
from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import TaskSet, start_task, stop_tasks
from messaging.domain.health import Condition
from messaging.instruments.memory import MIB, Weight
from messaging.instruments.metrics import NOTIFICATION_JOBS, NOTIFICATIONS_WAITING, QUEUE_AWAY
from messaging.notifications.jobs import Job, QueuedJob, RetryLater, WithdrawJob, encode
from messaging.notifications.notifier import Notifier
from messaging.notifications.options import get_options
from messaging.notifications.queue.entries import entry_of
from messaging.notifications.queue.job_context import carrying_out
from messaging.notifications.queue.sqs import (
    BATCH_BYTES,
    BATCH_ENTRIES,
    MAX_DELAY_SECONDS,
    Entry,
    SqsQueue,
)

logger = structlog.get_logger(__name__)

_GATHER_SECONDS = 0.2
"""A request to SQS takes milliseconds of CPU, which sends pay for. So several jobs share one
request."""
_SMALL_JOB_BYTES = 1_000
_MAX_BYTES = 64 * MIB
"""The bound of jobs that wait for the queue or run here, and of the messages in `grace`."""
_PAUSES = (1.0, 2.0, 5.0, 15.0)
"""Seconds until the queue is tried again, by the number of failures in a row."""


class Dispatcher:
    def __init__(self, notifier: Notifier, queue: SqsQueue | None) -> None:
        self._notifier = notifier
        self._queue = queue
        self._waiting: deque[tuple[QueuedJob, Entry]] = deque()
        self.weight = Weight("notifications", most=_MAX_BYTES)
        """What this process holds of notifications; `grace` adds its part."""
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(get_options().jobs_at_once)
        self._breaker = CircuitBreaker(failures=1, pauses=_PAUSES)
        self._task: asyncio.Task[None] | None = None
        self._direct: TaskSet[None] = TaskSet()
        self._ending = asyncio.Event()
        self._left = False

    @property
    def condition(self) -> Condition:
        """Return the condition of the queue at its latest use."""
        if self._queue is None:
            return Condition.UNUSED
        return Condition.DEGRADED if self._breaker.failing else Condition.OK

    @property
    def queues(self) -> bool:
        """Return whether jobs go through a queue."""
        return self._queue is not None

    def start(self) -> None:
        if self._queue is not None:
            self._task = start_task(
                repeat(partial(self._hand_over, self._queue), failed="dispatcher.failed")
            )

    async def stop(self) -> bool:
        """Hand over the waiting jobs, and finish the running ones. Delayed jobs run now, because
        this process will be gone later. Return False if a job is left that nobody else has."""
        self._ending.set()
        try:
            if self._task is not None:
                while self._waiting:
                    self._wake.set()
                    await asyncio.sleep(0.01)
                await stop_tasks(self._task)
            await self._direct.join()
        finally:
            # The shutdown may have cut off the work above: it must not go on without its parts.
            if self._task is not None:
                await stop_tasks(self._task)
            await self._direct.stop()
            if self._queue is not None:
                await self._queue.close()
        return not self._left

    def put(self, job: QueuedJob, *, delay: int = 0, here: bool = False) -> None:
        """Run a job after some seconds. Neither waits nor raises.

        `here`: run it in this process, because no other process knows the data that it needs.
        """
        if self._queue is None or here:
            self._run_directly(job, delay)
            return
        entry = entry_of(job, delay=delay)
        if len(self._waiting) >= get_options().waiting or self.weight.full:
            NOTIFICATION_JOBS.labels("queue", "dropped").inc()
            logger.error("notification.dropped", conversation_id=job.conversation_id)
            return
        self._waiting.append((job, entry))
        self.weight.bytes += _weigh(entry.body)
        self._wake.set()

    def run_here(self, job: WithdrawJob) -> None:
        """Run a job that never goes through the queue. Neither waits nor raises."""
        self._run_directly(job, 0)

    async def _hand_over(self, queue: SqsQueue) -> None:
        if not self._waiting:
            await self._wake.wait()
        self._wake.clear()
        if len(self._waiting) < BATCH_ENTRIES:
            await self._sleep(_GATHER_SECONDS)
        while self._waiting:
            NOTIFICATIONS_WAITING.set(len(self._waiting))
            batch = self._next_batch()
            refused = await self._try_queue(queue, [entry for _, entry in batch])
            for job, entry in batch:
                if entry in refused:
                    self._run_directly(job, entry.delay)
            # They are handed over now; only here may they be dropped.
            for _, entry in batch:
                self._waiting.popleft()
                self.weight.bytes -= _weigh(entry.body)
        NOTIFICATIONS_WAITING.set(0)

    def _next_batch(self) -> Sequence[tuple[QueuedJob, Entry]]:
        """Return the next jobs: as many as one request takes, at least one."""
        batch: list[tuple[QueuedJob, Entry]] = []
        size = 0
        for job, entry in self._waiting:
            size += entry.size
            if batch and (size > BATCH_BYTES or len(batch) == BATCH_ENTRIES):
                break
            batch.append((job, entry))
        return batch

    async def _try_queue(self, queue: SqsQueue, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Send entries to the queue, and return the rejected ones."""
        if not self._breaker.allows():
            return entries
        try:
            refused = await queue.send(entries)
        except Exception as error:  # noqa: BLE001 - boto3 may raise anything, and jobs must go on
            self._breaker.failed()
            QUEUE_AWAY.set(1)
            logger.warning("queue.unavailable", reason=repr(error), pause=self._breaker.pause)
            return entries
        if self._breaker.failing:
            logger.info("queue.recovered")
        self._breaker.answered()
        QUEUE_AWAY.set(0)
        NOTIFICATION_JOBS.labels("queue", "sent").inc(len(entries) - len(refused))
        return refused

    def _run_directly(self, job: Job, delay: float) -> None:
        if len(self._direct) >= get_options().waiting or self.weight.full:
            NOTIFICATION_JOBS.labels("direct", "dropped").inc()
            logger.error("notification.dropped", conversation_id=job.conversation_id)
            return
        self._background(self._carry_out(job, delay), _weigh_directly(job))

    async def _carry_out(self, job: Job, delay: float) -> None:
        """Run a job until it is done. The notifier recognises a stale one."""
        while True:
            await self._sleep(delay)
            try:
                async with self._places:
                    with carrying_out(job):
                        again = await self._notifier.run(job)
            except Exception:
                NOTIFICATION_JOBS.labels("direct", "failed").inc()
                logger.exception("notification.failed", conversation_id=job.conversation_id)
                return
            if again is None:
                NOTIFICATION_JOBS.labels("direct", "done").inc()
                return
            NOTIFICATION_JOBS.labels("direct", "again").inc()
            if self._ending.is_set():
                await self._leave(job, again)
                return
            delay = again.seconds

    async def _leave(self, job: Job, again: RetryLater) -> None:
        """Leave a job to the workers, if the queue accepts it."""
        if isinstance(job, WithdrawJob):
            return
        if self._queue is not None:
            delay = min(round(again.seconds), MAX_DELAY_SECONDS)
            if not await self._try_queue(self._queue, [entry_of(job, delay=delay)]):
                return
        self._left = True
        logger.warning(
            "notification.left", conversation_id=job.conversation_id, reason=again.reason
        )

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the end of this process."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._ending.wait()
        except TimeoutError:
            pass

    def _background(self, work: Coroutine[Any, Any, None], size: int) -> None:
        self.weight.bytes += size
        self._direct.start(work).add_done_callback(lambda _: self._ended(size))

    def _ended(self, size: int) -> None:
        self.weight.bytes -= size


def _weigh_directly(job: Job) -> int:
    return _SMALL_JOB_BYTES if isinstance(job, WithdrawJob) else _weigh(encode(job))


def _weigh(body: str) -> int:
    """Return the bytes of a job: about twice its text."""
    return 2 * len(body)
