"""Waits for a job that a command has asked for, or does it here if no running instance does."""

import asyncio
from collections.abc import Callable

from messaging.domain.personal_data.jobs import Job, JobState
from messaging.personal_data.requests import get_job
from messaging.runtime.instance import Instance

_SHOWN_SECONDS = 2.0
_PATIENCE_SECONDS = 10.0
"""How long a running instance has to begin, or to go on after a failure. After that, the command
does the work itself."""
ATTEMPTS = 3


async def follow_job(instance: Instance, job: Job, *, show: Callable[[str], object]) -> Job:
    """Return the job once it has ended, once a hold defers it, or after some failures here. `show`
    gets a line about the progress every two seconds. Raises StoreUnavailable."""
    loop = asyncio.get_running_loop()
    moved_at = loop.time()
    while not job.state.ended:
        impatient = loop.time() - moved_at > _PATIENCE_SECONDS
        if impatient and await instance.jobs.parts.jobs.hasten(job.id):
            return await _run_here(instance, job, show)
        await asyncio.sleep(_SHOWN_SECONDS)
        before, job = job, await get_job(instance.database, job_id=job.id)
        if job != before:
            moved_at = loop.time()
        _show(job, show)
    return job


async def _run_here(instance: Instance, job: Job, show: Callable[[str], object]) -> Job:
    """Run the job in this process. An instance that starts meanwhile may have taken it."""
    await instance.start()
    await instance.jobs.stop()
    failures = 0
    while not job.state.ended:
        await instance.jobs.parts.jobs.hasten(job.id)
        ended = await instance.jobs.run_one(job.id)
        stuck = ended is None or ended.attempts > 0 or ended.state is JobState.HELD
        if ended is not None and stuck and not ended.state.ended:
            failures += 1
            if ended.state is JobState.HELD or failures == ATTEMPTS:
                return ended
        if stuck:
            await asyncio.sleep(_SHOWN_SECONDS)
        job = await get_job(instance.database, job_id=job.id)
        _show(job, show)
    await instance.attachments.sweep.sweep()
    return job


def _show(job: Job, show: Callable[[str], object]) -> None:
    done = ", ".join(f"{name} {number}" for name, number in sorted(job.counts.items()))
    show(f"… {job.state.value} {job.step} {done}".rstrip())
