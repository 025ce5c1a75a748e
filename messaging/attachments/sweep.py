"""The sweep: removes the files of messages that were deleted, and of uploads that were never sent.
Files of a reported message stay for as long as a report keeps its copy.

What is to be removed stands in the store, written by the commit that made it so. Every instance
sweeps, so a crash only delays the removal. Two instances that remove the same files do no harm.

The files go first, and the attachment itself last: otherwise a crash between the two would leave
files that nobody knows of. An attachment also stays for as long as its signed URL takes uploads.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from messaging.attachments.check_folders import remove_old_folders
from messaging.concurrency.loops import repeat, until_wanted
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.files.stored_attachment import (
    UNSENT_LIFETIME,
    AttachmentStatus,
    StoredAttachment,
)
from messaging.files.keys import stored_key, thumbnail_key
from messaging.files.lifetimes import UPLOAD_SECONDS
from messaging.files.storage import FileMissing, FileStorage, FilesUnavailable
from messaging.instruments.metrics import FILES_SWEPT
from messaging.stores.attachments import AttachmentStore
from messaging.stores.conversations import Store
from messaging.stores.reports import ReportStore

logger = structlog.get_logger(__name__)

_SECONDS = (20.0, 40.0)
"""The pause between two sweeps: files of a deleted message are gone within a minute, whichever
instance dies."""
_FIRST_SECONDS = (1.0, 5.0)
"""The pause before the first one: an instance may replace one that was killed."""
REPORTED_PAUSE = timedelta(days=1)
"""When to look again at the file of a reported message. A redaction does not wait for that."""
REFUSED_PAUSE = timedelta(hours=1)
"""When to try again to remove a file that its storage keeps, while it answers otherwise."""
ADDRESS_LIFETIME = timedelta(seconds=UPLOAD_SECONDS + 300)
"""For how long an upload may arrive after the announcement. The clocks of instances differ."""
_AT_ONCE = 100
_TIDY_SECONDS = 3600.0


class FileSweep:
    def __init__(
        self,
        *,
        conversations: Store,
        reports: ReportStore,
        attachments: AttachmentStore,
        storage: FileStorage,
    ) -> None:
        self._conversations = conversations
        self._reports = reports
        self._attachments = attachments
        self._storage = storage
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._has_swept = False
        self._tidied_at = float("-inf")

    def start(self) -> None:
        self._task = start_task(repeat(self._step, failed="files.sweep_failed"))

    async def stop(self) -> None:
        if self._task is not None:
            await stop_tasks(self._task)
            self._task = None

    def wake(self) -> None:
        """Sweep at once: files have just become due."""
        self._wanted.set()

    async def sweep(self) -> int:
        """Handle everything that is due, and return how many attachments that were. Raises
        StoreUnavailable."""
        handled = 0
        while True:
            due = await self._attachments.list_due(limit=_AT_ONCE)
            done = 0
            for attachment in due.attachments:
                done += await self._handle(attachment, due.read_at)
            handled += done
            if not done or len(due.attachments) < _AT_ONCE:
                return handled

    async def _step(self) -> None:
        pause = _SECONDS if self._has_swept else _FIRST_SECONDS
        await until_wanted(self._wanted, seconds=pause)
        self._has_swept = True
        with suppress(StoreUnavailable):  # logged where it was noticed; the next step tries again
            await self.sweep()
            loop_time = asyncio.get_running_loop().time()
            if loop_time - self._tidied_at >= _TIDY_SECONDS:
                await asyncio.to_thread(remove_old_folders)
                await self._storage.tidy()
                self._tidied_at = loop_time

    async def _handle(self, attachment: StoredAttachment, now: datetime) -> bool:
        """Handle one attachment. Return False if it stays due.

        A storage may keep a single file, as under a legal hold of a bucket. The others do not wait
        for it.
        """
        try:
            return await self._settle(attachment, now)
        except FilesUnavailable:
            if not await self._storage_answers():
                raise
        logger.warning("files.kept_by_storage", attachment_id=attachment.id)
        found = (await self._attachments.get([attachment.id])).get(attachment.id)
        if found is None:
            return False
        later = replace(found, sweep_at=now + REFUSED_PAUSE)
        return await self._attachments.replace(found, later)

    async def _storage_answers(self) -> bool:
        try:
            await self._storage.probe()
        except (FilesUnavailable, FileMissing):  # another instance may remove the probe
            return False
        return True

    async def _settle(self, attachment: StoredAttachment, now: datetime) -> bool:
        """Do what is due. Return False if it stays due. Raises FilesUnavailable,
        StoreUnavailable."""
        if attachment.status is not AttachmentStatus.DELETED:
            if attachment.message_id is not None and await self._is_live(attachment):
                return await self._clear(attachment)
            if attachment.message_id is None and now - attachment.created_at < UNSENT_LIFETIME:
                return False
            condemned = replace(attachment, status=AttachmentStatus.DELETED, seq=None)
            if not await self._attachments.replace(attachment, condemned):
                return False  # it was sent at this moment
            attachment = condemned
        if await self._is_reported(attachment):
            # Nobody sees the file but the operators who handle the report.
            later = replace(attachment, sweep_at=now + REPORTED_PAUSE)
            return await self._attachments.replace(attachment, later)
        if await self._storage.delete(attachment.id):
            reason = "unsent" if attachment.message_id is None else "deleted"
            FILES_SWEPT.labels(reason).inc()
            logger.info("files.swept", attachment_id=attachment.id, reason=reason)
        ends_at = attachment.created_at + ADDRESS_LIFETIME
        if now < ends_at:
            return await self._attachments.replace(
                attachment, replace(attachment, sweep_at=ends_at)
            )
        await self._attachments.remove(attachment.id)
        return True

    async def _is_reported(self, attachment: StoredAttachment) -> bool:
        """Return whether a report keeps a copy of the message."""
        message_id = attachment.message_id
        return message_id is not None and await self._reports.has_copies(message_id)

    async def _is_live(self, attachment: StoredAttachment) -> bool:
        """Return whether the message is there and not deleted. An instance of an earlier release
        deletes messages without a mark on their attachments."""
        assert attachment.message_id is not None
        found = await self._conversations.get_messages(
            attachment.conversation_id, [attachment.message_id]
        )
        message = found.get(attachment.message_id)
        return message is not None and message.deleted_at is None

    async def _clear(self, attachment: StoredAttachment) -> bool:
        """Remove what uploads and interrupted checks left beside the files of a message."""
        part = attachment.part or ""
        keep = {stored_key(attachment.id, part), thumbnail_key(attachment.id, part)}
        await self._storage.delete(attachment.id, keep=frozenset(keep))
        return await self._attachments.replace(attachment, replace(attachment, sweep_at=None))
