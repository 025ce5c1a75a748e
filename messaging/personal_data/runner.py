"""Runs the jobs that are due: one at a time in each instance, under a lease."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import structlog

from messaging.concurrency.loops import repeat, until_wanted
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import MessagingError, Unavailable
from messaging.domain.personal_data.jobs import REVOCATION_LIFETIME, Job, JobKind, JobState
from messaging.followers.backoff import seconds_after
from messaging.instruments.outbound_metrics import JOB_FAILURES
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.export import EXPORT_LIFETIME, Export
from messaging.personal_data.holds import holds_on
from messaging.personal_data.parts import Parts
from messaging.personal_data.progress import LEASE_SECONDS, LeaseLost, Progress
from messaging.personal_data.retention.run import Retention

logger = structlog.get_logger(__name__)

_LOOK_SECONDS = (2.0, 4.0)
_HELD_SECONDS = 3600.0
"""When to look again whether a hold defers a job. In the admin, whoever lifts a hold makes the jobs
due at once."""
_MAX_ATTEMPTS = 20
"""Of an export or a run of retention. An erasure is never given up: half of it is done, and the
person is kept out."""
_LONGEST_PAUSE = 600.0


class Jobs:
    def __init__(
        self,
        parts: Parts,
        *,
        owner: str,
        erasure: Erasure | None = None,
        retention: Retention | None = None,
    ) -> None:
        """Create the runner. `owner` identifies this process."""
        self.parts = parts
        self._jobs = parts.jobs
        self._owner = owner
        self._erasure = Erasure(parts) if erasure is None else erasure
        self._export = Export(parts)
        self._retention = Retention(parts) if retention is None else retention
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = start_task(repeat(self._step, failed="jobs.failed"))

    async def stop(self) -> None:
        """Stop. Another process goes on with a running job when its lease has ended."""
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None

    def wake(self) -> None:
        """Look for jobs at once."""
        self._wanted.set()

    async def run_one(self, job_id: str | None = None) -> Job | None:
        """Run a job that is due, or this one if it is, and return it as it is then. Raises
        StoreUnavailable only if the job could not be stored."""
        job = await self._jobs.claim(owner=self._owner, seconds=LEASE_SECONDS, job_id=job_id)
        if job is None:
            return None
        progress = Progress(job, jobs=self._jobs, owner=self._owner)
        renewing = start_task(self._renew(progress))
        try:
            ended = await self._run(progress)
        except LeaseLost:
            logger.warning("job.lease_lost", job_id=job.id)
            return None
        finally:
            await stop_tasks(renewing)
        released = await self._jobs.release(ended, owner=self._owner, due_in=_due_in(ended))
        if not released and ended.kind is JobKind.EXPORT:
            await self._export.discard(ended)  # the person was erased meanwhile
        if released and ended.state is JobState.HELD:
            await self._wake_if_free(ended)
        return ended if released else None

    async def _wake_if_free(self, job: Job) -> None:
        """Make a job on hold due at once, if the hold was lifted while the job was put on hold."""
        if not await holds_on(job.person_id, jobs=self._jobs, store=self.parts.store):
            await self._jobs.hasten(job.id)

    async def _renew(self, progress: Progress) -> None:
        """Renew the lease while a step takes long. If it was lost, the step notices that when it
        stores its progress."""
        with suppress(LeaseLost):
            while True:
                await asyncio.sleep(LEASE_SECONDS / 4)
                with suppress(Unavailable):
                    await progress.save()

    async def _run(self, progress: Progress) -> Job:
        """Return the job as it is after this attempt."""
        try:
            state = progress.job.state
            if progress.job.kind is JobKind.EXPORT:
                return await (self._export.expire if state.ended else self._export.run)(progress)
            if progress.job.kind is JobKind.RETENTION:
                return await self._retention.run(progress)
            done = state is JobState.DONE
            return await (self._erasure.forget if done else self._erasure.run)(progress)
        except LeaseLost:
            raise
        except Unavailable as error:
            logger.warning("job.waits", job_id=progress.job.id, reason=str(error))
        except MessagingError as error:
            logger.error("job.refused", job_id=progress.job.id, code=error.code)
        except Exception:
            logger.exception("job.failed", job_id=progress.job.id)
        job = progress.job
        JOB_FAILURES.labels(job.kind.value).inc()
        attempts = job.attempts + 1
        if attempts < _MAX_ATTEMPTS or job.state.ended or job.kind is JobKind.ERASE:
            return replace(job, attempts=attempts)
        logger.error("job.given_up", job_id=job.id)
        return replace(job, attempts=0, state=JobState.FAILED)

    async def _step(self) -> None:
        with suppress(Unavailable):  # logged where it was noticed
            while await self._jobs.is_due() and await self.run_one() is not None:
                pass
        await until_wanted(self._wanted, seconds=_LOOK_SECONDS)


def _due_in(job: Job) -> float | None:
    """Return after how many seconds a job is due again; None if nothing is left to do."""
    if job.state.ended and not job.attempts:
        if not job.person_id:
            return None
        exported = job.kind is JobKind.EXPORT
        return (EXPORT_LIFETIME if exported else REVOCATION_LIFETIME).total_seconds()
    if job.state is JobState.HELD:
        return _HELD_SECONDS
    if job.kind is JobKind.RETENTION and not job.attempts:
        return 0.0  # after those that are due
    return seconds_after(job.attempts, longest=_LONGEST_PAUSE)
