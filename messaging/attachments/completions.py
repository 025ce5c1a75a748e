"""Completions: an uploaded file is checked, cleaned, and stored where no client can write.

A check may take longer than a request may wait, so it runs in the background. A repeated request
joins it, or gets its result. One person's checks run one after the other, so that they do not delay
those of others.
"""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import structlog
from cachetools import TTLCache

from messaging.attachments.check_folders import make_folder
from messaging.concurrency.tasks import TaskSet
from messaging.concurrency.turns import Turns
from messaging.domain.exceptions import (
    InvalidRequest,
    MessagingError,
    NotUploaded,
    Overloaded,
    StoreUnavailable,
)
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.files.checked_files import store_checked
from messaging.files.checking.clamd import Clamd
from messaging.files.checking.findings import Facts, Refused
from messaging.files.checking.workers import CheckingWorkers
from messaging.files.keys import new_part, staging_key
from messaging.files.storage import FileMissing, FileStorage, FilesUnavailable
from messaging.instruments.metrics import FILE_CHECK_SECONDS, FILE_CHECKS, FILE_CHECKS_WAITING
from messaging.stores.attachments import AttachmentStore

logger = structlog.get_logger(__name__)

_PATIENCE_SECONDS = 4.0
"""How long a request waits for a check. The answer of a request takes at most five seconds."""
_MOST_WAITING = 256
"""The checks of an instance, with those that wait."""
_MOST_WAITING_EACH = 32
"""Those of one person that wait."""
_REFUSALS = 1_000
_REFUSAL_SECONDS = 60.0
FIELDS = {"size_mismatch": "size", "type_mismatch": "content_type"}
"""The field that a refusal is about; the others are about the file itself."""


class Completions:
    def __init__(
        self,
        *,
        store: AttachmentStore,
        storage: FileStorage,
        workers: CheckingWorkers,
        scanner: Clamd | None,
        at_once: int,
    ) -> None:
        """Create the completions. `at_once` bounds the files that are on the disk for a check."""
        self._store = store
        self._storage = storage
        self._workers = workers
        self._scanner = scanner
        self._places = asyncio.Semaphore(at_once)
        self._turns = Turns(places=1, most_waiting=_MOST_WAITING_EACH, rest=0)
        self._tasks: TaskSet[StoredAttachment] = TaskSet()
        self._running: dict[str, asyncio.Task[StoredAttachment]] = {}
        self._refusals: TTLCache[str, MessagingError] = TTLCache(_REFUSALS, _REFUSAL_SECONDS)
        """The refusals that no request has got: its client had to wait too long."""

    async def complete(self, attachment: StoredAttachment) -> StoredAttachment:
        """Check the file of a pending attachment, and return it once it is ready.

        Raises NotUploaded, InvalidRequest, Overloaded (also while the check goes on),
        FilesUnavailable, StoreUnavailable.
        """
        refusal = self._refusals.pop(attachment.id, None)
        if refusal is not None:
            raise refusal
        task = self._running.get(attachment.id) or self._start(attachment)
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS)
        if not done:
            raise Overloaded("The file is still being checked. Retry after 1 s.")
        self._refusals.pop(attachment.id, None)
        return task.result()

    async def stop(self) -> None:
        await self._tasks.stop()

    def _start(self, attachment: StoredAttachment) -> asyncio.Task[StoredAttachment]:
        if len(self._running) >= _MOST_WAITING:
            raise Overloaded("Too many files wait for their check. Retry after 1 s.")
        if self._turns.is_full(attachment.owner_id):
            raise Overloaded("Too many of your files wait for their check. Retry after 1 s.")
        task = self._tasks.start(self._complete(attachment))
        self._running[attachment.id] = task
        FILE_CHECKS_WAITING.inc()
        task.add_done_callback(lambda ended: self._ended(attachment.id, ended))
        return task

    def _ended(self, attachment_id: str, task: asyncio.Task[StoredAttachment]) -> None:
        del self._running[attachment_id]
        FILE_CHECKS_WAITING.dec()
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, InvalidRequest | NotUploaded):
            self._refusals[attachment_id] = error
        elif error is not None and not isinstance(error, MessagingError):
            logger.error("file_check.failed", attachment_id=attachment_id, exc_info=error)

    async def _complete(self, attachment: StoredAttachment) -> StoredAttachment:
        async with self._turns.turn(attachment.owner_id), self._places:
            begun = time.monotonic()
            folder = await asyncio.to_thread(make_folder)
            try:
                ready = await self._checked(attachment, Path(folder.name))
            except (Refused, NotUploaded) as refused:
                code = refused.code
                FILE_CHECKS.labels(code).inc()
                logger.info("file_check.refused", attachment_id=attachment.id, reason=code)
                if isinstance(refused, Refused):
                    field = FIELDS.get(code, "file")
                    raise InvalidRequest.of(field, refused.detail, code) from refused
                raise
            finally:
                await asyncio.to_thread(folder.cleanup)
        FILE_CHECKS.labels("ready").inc()
        FILE_CHECK_SECONDS.observe(time.monotonic() - begun)
        return ready

    async def _checked(self, attachment: StoredAttachment, folder: Path) -> StoredAttachment:
        source, target, thumbnail = folder / "source", folder / "target", folder / "thumbnail"
        try:
            await self._storage.fetch(staging_key(attachment.id), source, most=attachment.size + 1)
        except FileMissing as missing:
            raise NotUploaded from missing
        size = (await asyncio.to_thread(source.stat)).st_size
        if size != attachment.size:
            raise Refused(
                "size_mismatch",
                f"The uploaded file does not have the {attachment.size} bytes that were announced.",
            )
        if self._scanner is not None:
            await self._scanner.require_clean(source)
        facts = await self._workers.check(
            source, attachment.content_type, target=target, thumbnail=thumbnail
        )
        return await self._kept(attachment, facts, target, thumbnail)

    async def _kept(
        self, attachment: StoredAttachment, facts: Facts, target: Path, thumbnail: Path
    ) -> StoredAttachment:
        """Store the checked files under new keys, and then make the attachment ready."""
        part = new_part()
        keys = await store_checked(
            self._storage,
            attachment.id,
            part=part,
            content_type=attachment.content_type,
            filename=attachment.filename,
            target=target,
            thumbnail=thumbnail if facts.has_thumbnail else None,
        )
        ready = replace(
            attachment,
            status=AttachmentStatus.READY,
            part=part,
            size=facts.size,
            width=facts.width,
            height=facts.height,
            has_thumbnail=facts.has_thumbnail,
        )
        if not await self._store.replace(attachment, ready):
            stored = await self._stored(attachment.id)
            if stored.status is AttachmentStatus.READY:
                return stored  # another instance has completed it; the sweep removes these files
            # The store was moved during the check: the announcement is the same, its token another.
            if not await self._store.replace(stored, ready):
                raise StoreUnavailable
        with suppress(FilesUnavailable):  # the sweep removes the rest later
            await self._storage.delete(attachment.id, keep=keys)
        return ready

    async def _stored(self, attachment_id: str) -> StoredAttachment:
        """Return the attachment as it is now. Raises NotUploaded if it was removed meanwhile."""
        stored = (await self._store.get([attachment_id])).get(attachment_id)
        if stored is None or stored.status is AttachmentStatus.DELETED:
            raise NotUploaded
        return stored
