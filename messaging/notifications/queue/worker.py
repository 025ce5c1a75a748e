"""The worker: processes jobs of the queue. Any number of workers run side by side.

A job is hidden from other workers while it runs, and longer if that takes long. A finished job is
deleted. A job that needs a retry is queued again with a delay. A failed job is left to SQS: beyond
the receive limit, it goes to the dead-letter queue.
"""

import asyncio
import contextlib
import time
from functools import partial

import structlog
from msgspec import structs

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import TaskSet, start_task, stop_tasks
from messaging.instruments.metrics import NOTIFICATION_JOBS, QUEUE_AWAY
from messaging.notifications.jobs import MalformedJob, QueuedJob, RetryLater
from messaging.notifications.notifier import Notifier
from messaging.notifications.options import get_options
from messaging.notifications.queue.entries import entry_of, job_of
from messaging.notifications.queue.job_context import carrying_out
from messaging.notifications.queue.sqs import (
    BATCH_ENTRIES,
    MAX_DELAY_SECONDS,
    QueueUnavailable,
    Received,
    SqsQueue,
)

logger = structlog.get_logger(__name__)

_AWAY_SECONDS = 1.0
_GATHER_SECONDS = 0.1
_POLLS_AT_ONCE = 2
_HEALTHY_SECONDS = 30.0


class Worker:
    def __init__(self, notifier: Notifier, queue: SqsQueue) -> None:
        self._notifier = notifier
        self._queue = queue
        self._options = get_options()
        self._places = asyncio.Semaphore(self._options.jobs_at_once)
        self._jobs: TaskSet[None] = TaskSet()
        self._finished: list[Received] = []
        self._some_finished = asyncio.Event()
        self._ending = asyncio.Event()
        self._heard_at = time.monotonic()
        self._away = False

    @property
    def healthy(self) -> bool:
        """Return whether the queue has answered within the last half minute."""
        return time.monotonic() - self._heard_at < _HEALTHY_SECONDS

    def end(self) -> None:
        """Receive no more jobs; `run` returns once all running jobs are finished."""
        self._ending.set()

    async def run(self) -> None:
        logger.info("worker.started", queue=self._queue.url)
        deleting = start_task(repeat(self._delete_finished, failed="worker.deletion_failed"))
        polls = [
            repeat(self._poll, failed="worker.poll_failed", during=self._receives)
            for _ in range(_POLLS_AT_ONCE)
        ]
        await asyncio.gather(*polls)
        await self._jobs.join()
        while self._finished:
            await self._delete_some()
        await stop_tasks(deleting)
        logger.info("worker.stopped")

    def _receives(self) -> bool:
        return not self._ending.is_set()

    async def _poll(self) -> None:
        async with self._places:  # wait until at least one fits
            pass
        try:
            received = await self._queue.receive(10, hidden=self._options.lease)
        except QueueUnavailable as error:
            self._queue_failed(error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_AWAY_SECONDS):
                    await self._ending.wait()
            return
        self._queue_answered()
        for one in received:
            self._jobs.start(self._handle(one))

    def _queue_failed(self, error: Exception) -> None:
        """Log the outage once, however many calls fail until a poll succeeds."""
        QUEUE_AWAY.set(1)
        if not self._away:
            self._away = True
            logger.warning("queue.unavailable", reason=str(error))

    def _queue_answered(self) -> None:
        self._heard_at = time.monotonic()
        QUEUE_AWAY.set(0)
        if self._away:
            self._away = False
            logger.info("queue.recovered")

    async def _handle(self, received: Received) -> None:
        hiding = start_task(
            repeat(partial(self._keep_hidden, received), failed="job.hiding_failed")
        )
        try:
            async with self._places:
                result = await self._carry_out(received)
        except MalformedJob as error:
            result = "failed"
            logger.error("job.malformed", reason=str(error), count=received.count)
        except QueueUnavailable as error:
            result = "failed"  # it is delivered again; the claims record what was done
            self._queue_failed(error)
        except Exception:
            result = "failed"
            logger.exception("job.failed", count=received.count)
        finally:
            await stop_tasks(hiding)
        NOTIFICATION_JOBS.labels("worker", result).inc()

    async def _carry_out(self, received: Received) -> str:
        job = job_of(received)
        with carrying_out(job):
            again = await self._notifier.run(job)
            if again is not None:
                await self._queue_anew(job, again)
        self._finished.append(received)
        self._some_finished.set()
        return "done" if again is None else "again"

    async def _queue_anew(self, job: QueuedJob, again: RetryLater) -> None:
        """Queue the job again as a new entry. A longer hiding would count this retry as a failed
        delivery."""
        delay = min(max(round(again.seconds), 1), MAX_DELAY_SECONDS)
        entry = entry_of(structs.replace(job, attempt=job.attempt + 1), delay=delay)
        if await self._queue.send([entry]):
            raise QueueUnavailable("the job was not taken back")
        logger.info(
            "job.requeued",
            conversation_id=job.conversation_id,
            reason=again.reason,
            delay=delay,
            attempt=job.attempt + 1,
        )

    async def _delete_finished(self) -> None:
        """Delete some finished jobs per request, because SQS bills requests. If one is delivered
        again meanwhile, everything is already decided."""
        await self._some_finished.wait()
        self._some_finished.clear()
        await asyncio.sleep(_GATHER_SECONDS)
        while self._finished:
            await self._delete_some()

    async def _delete_some(self) -> None:
        some, self._finished = self._finished[:BATCH_ENTRIES], self._finished[BATCH_ENTRIES:]
        if some:
            try:
                await self._queue.delete(some)
            except Exception as error:  # noqa: BLE001 - the next ones are to be deleted all the same
                self._queue_failed(error)

    async def _keep_hidden(self, received: Received) -> None:
        await asyncio.sleep(self._options.lease / 2)
        try:
            await self._queue.hide(received, self._options.lease)
        except QueueUnavailable as error:
            self._queue_failed(error)
