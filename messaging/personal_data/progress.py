"""The progress of a leased job: counted in memory, and stored after each piece of work."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from messaging.domain.personal_data.jobs import Job, JobState
from messaging.stores.database.jobs import JobStore

LEASE_SECONDS = 60.0


class LeaseLost(Exception):
    """Another process goes on with the job."""


class Progress:
    def __init__(self, job: Job, *, jobs: JobStore, owner: str) -> None:
        self.job = job
        self._jobs = jobs
        self._owner = owner

    def count(self, counts: Mapping[str, int]) -> None:
        """Add to what was done. It is stored with the next `save`; a crash before that loses it."""
        if not any(counts.values()):
            return
        total = dict(self.job.counts)
        for name, number in counts.items():
            if number:
                total[name] = total.get(name, 0) + number
        self.job = replace(self.job, counts=total)

    def note(self, **notes: Any) -> None:
        """Keep what later steps need."""
        self.job = replace(self.job, notes={**self.job.notes, **notes})

    def begin(self, step: str) -> None:
        if step != self.job.step:
            self.advance()
        self.job = replace(self.job, state=JobState.RUNNING, step=step, result=None)

    def advance(self) -> None:
        """Note that a repeat goes on behind this place: earlier failures do not count any more."""
        self.job = replace(self.job, attempts=0)

    async def save(self) -> None:
        """Store the progress, and renew the lease. Raises LeaseLost, StoreUnavailable."""
        if not await self._jobs.save(self.job, owner=self._owner, seconds=LEASE_SECONDS):
            raise LeaseLost
