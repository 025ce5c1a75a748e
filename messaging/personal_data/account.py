"""Erases what belongs to a person alone: devices, settings, profile, files, and their names in
reports."""

from dataclasses import replace

from messaging.domain.change import COMMIT_TIME
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.personal_data.parts import Parts
from messaging.personal_data.progress import Progress

_AT_ONCE = 100
_ERASED_NAME = "erased"
"""What takes the place of the name of a file."""


class AccountErasure:
    def __init__(self, parts: Parts, progress: Progress) -> None:
        self._parts = parts
        self._progress = progress

    async def run(self) -> None:
        """Erase it all. Raises LeaseLost, StoreUnavailable."""
        parts, progress = self._parts, self._progress
        user_id, erased_id = progress.job.person_id, progress.job.erased_id
        progress.count(await parts.erasure.remove_account(user_id))
        progress.count({"reactions": await parts.erasure.remove_reactions(user_id)})
        parts.publish_person(user_id)
        await progress.save()
        reports = await parts.erasure.erase_reports(user_id, erased_id)
        progress.count(reports.counts)
        await progress.save()
        found = await parts.attachments.store.get(list(reports.released))
        for attachment in found.values():
            if attachment.status is AttachmentStatus.DELETED:
                await parts.attachments.store.replace(
                    attachment, replace(attachment, sweep_at=COMMIT_TIME)
                )
        for job_id in await parts.jobs.list_exports(user_id):
            await parts.attachments.storage.delete(job_id)
        await parts.jobs.end_exports(user_id)
        await self._erase_files(user_id, erased_id)
        await parts.attachments.sweep.sweep()

    async def _erase_files(self, user_id: str, erased_id: str) -> None:
        """Let the sweep remove the person's files. A file in the copy of an open report stays, with
        its name."""
        parts = self._parts
        while found := await parts.erasure.list_attachments(user_id, limit=_AT_ONCE):
            for attachment in found:
                kept = attachment.message_id is not None and await parts.reports.has_copies(
                    attachment.message_id
                )
                erased = _nameless(attachment, erased_id, kept=kept)
                if await parts.attachments.store.replace(attachment, erased):
                    unsent = attachment.message_id is None
                    self._progress.count({"unsent_attachments": int(unsent)})
            await self._progress.save()


def _nameless(attachment: StoredAttachment, erased_id: str, *, kept: bool) -> StoredAttachment:
    return replace(
        attachment,
        owner_id=erased_id,
        filename=attachment.filename if kept else _ERASED_NAME,
        status=AttachmentStatus.DELETED,
        seq=None,
        sweep_at=COMMIT_TIME,
    )
