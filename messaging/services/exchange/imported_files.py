"""The files of an import: each is checked as an upload is, and stored under a key that depends on
the export alone, so that a repeated import stores it again under the same key.

The first pass checks all files and keeps none. The second one checks and stores them one by one:
there is never more than one copy on the disk.
"""

import asyncio
import mimetypes
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
from django.conf import settings

from messaging.changes.attachments import shown
from messaging.domain.exceptions import Overloaded
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import digest
from messaging.domain.limits import get_limits
from messaging.domain.message import Attachment
from messaging.exchange.importing.foreign import Unusable
from messaging.exchange.records import FullMessage
from messaging.files.checked_files import store_checked
from messaging.files.checking.findings import Facts, Refused
from messaging.files.checking.workers import CheckingWorkers
from messaging.files.content_types import CHECKED, DEFAULT_TYPES
from messaging.files.storage import FileStorage
from messaging.stores.attachments import AttachmentStore

_BATCH = 100


class _Paths(NamedTuple):
    copy: Path
    target: Path
    thumbnail: Path


class _Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the first pass has checked."""

    id: str
    part: str
    path: str
    filename: str
    content_type: str
    size: int
    """Of the file to be stored, in bytes."""


@dataclass(slots=True, kw_only=True)
class ImportedFiles:
    """Use it as a context manager, which removes the temporary files."""

    folder: Path | None
    """The folder with the files. None: messages are imported without them."""
    workers: CheckingWorkers
    left_out: int = 0
    _folder: "tempfile.TemporaryDirectory[str]" = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="chat-import-")
    )
    """For the copy of the file that is checked now, and the list of checked files."""

    def __enter__(self) -> "ImportedFiles":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    @property
    def _list(self) -> Path:
        """The list of checked files: a line for each."""
        return Path(self._folder.name) / "list"

    async def store(self, storage: FileStorage, attachments: AttachmentStore | None) -> None:
        """Store the checked files, except those that were deleted since an earlier import.
        `attachments`: the store into which the import is loaded; None if it is not known.

        Raises Unusable if a file is not the one that was checked, StoreUnavailable.
        """
        for some in self._batches():
            known = await attachments.get([one.id for one in some]) if attachments else {}
            for one in some:
                before = known.get(one.id)
                if before is None or before.status is not AttachmentStatus.DELETED:
                    await self._store(one, storage)

    async def remove_unused(self, storage: FileStorage, attachments: AttachmentStore) -> None:
        """Remove the files of messages that were not loaded. Raises StoreUnavailable."""
        for some in self._batches():
            known = await attachments.get([one.id for one in some])
            for one in some:
                if one.id not in known:
                    await storage.delete(one.id)

    def _batches(self) -> Iterator[Sequence[_Checked]]:
        if not self._list.exists():
            return
        decoder = msgspec.json.Decoder(_Checked)
        with self._list.open("rb") as lines:
            while some := list(map(decoder.decode, islice(lines, _BATCH))):
                yield some

    async def _store(self, one: _Checked, storage: FileStorage) -> None:
        source = await asyncio.to_thread(self._found, one.path)
        with self._paths() as paths:
            facts = await self._check(source, one.path, one.content_type, paths)
            if facts.size != one.size:
                raise Unusable(f"The file {one.path} has changed during the import.")
            await store_checked(
                storage,
                one.id,
                part=one.part,
                content_type=one.content_type,
                filename=one.filename,
                target=paths.target,
                thumbnail=paths.thumbnail if facts.has_thumbnail else None,
            )

    async def prepare(self, full: FullMessage) -> FullMessage | None:
        """Return a message with its files checked and its attachments ready; None if nothing is
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
        with self._paths() as paths:
            facts = await self._check(source, path, kind, paths)
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
        assert ready.part is not None
        checked = _Checked(
            id=ready.id,
            part=ready.part,
            path=path,
            filename=ready.filename,
            content_type=kind,
            size=facts.size,
        )
        with self._list.open("ab") as lines:
            lines.write(msgspec.json.encode(checked) + b"\n")
        return ready

    async def _check(self, source: Path, path: str, kind: str, paths: _Paths) -> Facts:
        """Check a copy of a file, because checks may remove their source. Raises Unusable."""
        await asyncio.to_thread(shutil.copyfile, source, paths.copy)
        try:
            return await self.workers.check(
                paths.copy, kind, target=paths.target, thumbnail=paths.thumbnail
            )
        except Refused as refused:
            raise Unusable(f"The file {path} is refused: {refused.detail}") from None
        except Overloaded:
            raise Unusable(f"The check of the file {path} did not end in time.") from None

    @contextmanager
    def _paths(self) -> Iterator[_Paths]:
        """Return the paths of one check, whose files are removed afterwards."""
        folder = Path(self._folder.name)
        paths = _Paths(folder / "copy", folder / "target", folder / "thumbnail")
        try:
            yield paths
        finally:
            for one in paths:
                one.unlink(missing_ok=True)

    def _found(self, path: str) -> Path:
        """Return the file in the folder. Raises Unusable."""
        assert self.folder is not None
        root = self.folder.resolve()
        try:
            file = (root / path).resolve()
            found = file.is_relative_to(root) and file.is_file()
        except (OSError, ValueError, RuntimeError):  # a path that no file can have, or a loop
            found = False
        if not found:
            raise Unusable(f"The folder of files has no {path}.")
        if file.stat().st_size > get_limits().attachment_bytes:
            raise Unusable(f"The file {path} has more than {get_limits().attachment_bytes} bytes.")
        return file
