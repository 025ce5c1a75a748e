"""The files of an import: each is checked as an upload is, and stored under a key that depends on
the export alone, so that a repeated import stores it again under the same key."""

import asyncio
import mimetypes
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings

from messaging.changes.attachments import shown
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import digest
from messaging.domain.limits import get_limits
from messaging.domain.message import Attachment
from messaging.exchange.importing.foreign import Unusable
from messaging.exchange.records import FullMessage
from messaging.files.checking.findings import Refused
from messaging.files.checking.workers import CheckingWorkers
from messaging.files.content_types import CHECKED, DEFAULT_TYPES, THUMBNAIL_TYPE, served_as
from messaging.files.keys import stored_key, thumbnail_key
from messaging.files.storage import FileStorage, Served


@dataclass(slots=True, kw_only=True)
class ImportedFiles:
    """Use it as a context manager, which removes the checked files."""

    folder: Path | None
    """The folder with the files. None: messages are imported without them."""
    workers: CheckingWorkers
    left_out: int = 0
    _checked: list[tuple[StoredAttachment, Served]] = field(default_factory=list)
    _kept: "tempfile.TemporaryDirectory[str]" = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="chat-import-")
    )

    def __enter__(self) -> "ImportedFiles":
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.cleanup()

    async def store(self, storage: FileStorage) -> None:
        """Store all checked files. Raises FilesUnavailable."""
        for one, served in self._checked:
            assert one.part is not None
            await storage.put(self._path(one.id), stored_key(one.id, one.part), served)
            if one.has_thumbnail:
                small = served_as(THUMBNAIL_TYPE, "thumbnail.webp")
                source = self._path(one.id, ".thumbnail")
                await storage.put(source, thumbnail_key(one.id, one.part), small)

    def _path(self, id_: str, suffix: str = "") -> Path:
        return Path(self._kept.name) / f"{id_}{suffix}"

    async def prepare(self, full: FullMessage) -> FullMessage | None:
        """Return a message with its files stored and its attachments ready; None if nothing is
        left of it. Raises Unusable."""
        if not full.files:
            return full
        if self.folder is None:
            self.left_out += len(full.files)
            return None if not full.message.text else replace(full, files=(), paths={})
        files = [await self._prepared(one, full.paths[one.id]) for one in full.files]
        attachments: tuple[Attachment, ...] = tuple(map(shown, files))
        message = replace(full.message, attachments=attachments)
        return replace(full, message=message, files=files, paths={})

    async def _prepared(self, attachment: StoredAttachment, path: str) -> StoredAttachment:
        source = await asyncio.to_thread(self._found, path)
        kind = attachment.content_type or mimetypes.guess_type(attachment.filename)[0] or ""
        kind = kind.partition(";")[0].strip().lower()
        allowed = settings.CHAT_FILES_TYPES or DEFAULT_TYPES
        if kind not in allowed or kind not in CHECKED:
            raise Unusable(f"The file {path} has the type {kind or 'unknown'}, which is refused.")
        try:
            return await self._check(attachment, source, kind)
        except Refused as refused:
            raise Unusable(f"The file {path} is refused: {refused.detail}") from None

    async def _check(
        self, attachment: StoredAttachment, source: Path, kind: str
    ) -> StoredAttachment:
        copy = self._path("source")
        await asyncio.to_thread(shutil.copyfile, source, copy)
        target, thumbnail = self._path(attachment.id), self._path(attachment.id, ".thumbnail")
        facts = await self.workers.check(copy, kind, target=target, thumbnail=thumbnail)
        ready = replace(
            attachment,
            content_type=kind,
            status=AttachmentStatus.READY,
            part=digest("part", attachment.id).hex(),
            size=facts.size,
            width=facts.width,
            height=facts.height,
            has_thumbnail=facts.has_thumbnail,
        )
        self._checked.append((ready, served_as(kind, attachment.filename)))
        return ready

    def _found(self, path: str) -> Path:
        """Return the file in the folder. Raises Unusable."""
        assert self.folder is not None
        root = self.folder.resolve()
        try:
            file = (root / path).resolve()
            found = file.is_relative_to(root) and file.is_file()
        except (OSError, ValueError):  # a path that no file can have
            found = False
        if not found:
            raise Unusable(f"The folder of files has no {path}.")
        if file.stat().st_size > get_limits().attachment_bytes:
            raise Unusable(f"The file {path} has more than {get_limits().attachment_bytes} bytes.")
        return file
