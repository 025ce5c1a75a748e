"""The export of a person as a job. Its file is in the storage of files until it expires.

A process that is killed leaves no file; the next one begins again.
"""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from messaging.domain.personal_data.audit import AuditEntry
from messaging.domain.personal_data.jobs import Job, JobState
from messaging.files.keys import new_part, stored_key
from messaging.files.lifetimes import DOWNLOAD_SECONDS, ends_after
from messaging.files.storage import Served
from messaging.personal_data.exported import Exported, PersonExport
from messaging.personal_data.parts import Parts
from messaging.personal_data.progress import LeaseLost, Progress
from messaging.personal_data.temporary import temporary_folder
from messaging.wire.representations import timestamp

logger = structlog.get_logger(__name__)

EXPORT_LIFETIME = timedelta(days=7)
_SERVED = Served(
    content_type="application/jsonl", disposition='attachment; filename="export.jsonl"'
)
_STEP = "writing"


class Export:
    """Exports the person of a job. Raises LeaseLost, StoreUnavailable; then run it again."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def run(self, progress: Progress) -> Job:
        """Write and store the file, and return the finished job."""
        job = progress.job
        storage = self._parts.attachments.storage
        progress.begin(_STEP)
        await progress.save()
        await storage.delete(job.id)  # of an attempt that was killed
        part = new_part()
        async with temporary_folder("chat-export-") as folder:
            source = folder / "export.jsonl"
            exported, digest = await self._write(progress, source)
            await progress.save()  # an erasure may have ended the job
            await storage.put(source, stored_key(job.id, part), _SERVED)
        try:
            await progress.save()
        except LeaseLost:
            await self.discard(job)
            raise
        at = datetime.now(UTC)
        damaged = {"damaged_conversations": exported.damaged} if exported.damaged else {}
        await self._parts.audit.record(
            AuditEntry(
                actor=job.requested_by,
                action="person.exported",
                person_id=job.person_id,
                reason=job.reason,
                detail={"job": job.id},
            )
        )
        logger.info("person.exported", job_id=job.id, bytes=exported.bytes)
        return replace(
            job,
            state=JobState.DONE,
            step="",
            counts=exported.counts(),
            notes={"part": part},
            result={
                "records": exported.records,
                "bytes": exported.bytes,
                "sha256": digest,
                "expires_at": timestamp(at + EXPORT_LIFETIME),
                **damaged,
            },
            finished_at=at,
            attempts=0,
        )

    async def _write(self, progress: Progress, source: Path) -> tuple[Exported, str]:
        """Write the file. Return what is in it, and its digest."""
        digest = hashlib.sha256()
        lines: list[bytes] = []
        file = await asyncio.to_thread(source.open, "wb")

        async def on_page(exported: Exported) -> None:
            progress.job = replace(progress.job, counts=exported.counts())
            page = b"".join(lines)
            lines.clear()
            digest.update(page)
            await asyncio.to_thread(file.write, page)

        try:
            exported = await PersonExport(
                self._parts, progress.job.person_id, write=lines.append, on_page=on_page
            ).run()
        finally:
            await asyncio.to_thread(file.close)
        return exported, digest.hexdigest()

    async def discard(self, job: Job) -> None:
        """Delete the file of a job whose lease was lost because the person was erased. Another
        owner deletes what it finds before it begins."""
        present = await self._parts.jobs.get(job.id)
        if present is None or present.state is JobState.FAILED:
            await self._parts.attachments.storage.delete(job.id)

    async def expire(self, progress: Progress) -> Job:
        """Delete the file, and forget whose it was."""
        job = progress.job
        await self._parts.attachments.storage.delete(job.id)
        result = job.result
        if job.state is JobState.DONE:
            result = {**(result or {}), "expired": True}
        return replace(job, person_id="", notes={}, result=result, attempts=0)


async def sign_export(parts: Parts, job: Job) -> str | None:
    """Return a signed URL of the file of a finished export, which works for ten minutes; None if it
    has none. That of the local storage lacks the host. Raises FilesUnavailable."""
    part = job.notes.get("part")
    if job.state is not JobState.DONE or not part:
        return None
    files = [(stored_key(job.id, part), _SERVED)]
    (url,) = await parts.attachments.storage.sign_downloads(
        files, expires_at=ends_after(DOWNLOAD_SECONDS)
    )
    return url
