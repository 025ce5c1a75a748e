"""The local storage: a folder. The server itself takes uploads and serves downloads, by signed
URLs (`local_addresses`).

Several instances need one folder that all of them mount.
"""

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from messaging.files.keys import prefix_of, staging_key
from messaging.files.lifetimes import UPLOAD_SECONDS, ends_after
from messaging.files.storage import FileMissing, Served, Upload
from messaging.files.storages.blocking import BlockingCalls
from messaging.files.storages.local_addresses import Granted, LocalAddresses

_SECONDS = 20.0
_DAY_SECONDS = 24 * 3600
_INCOMING = ".incoming"
"""Files that are being written. A crash leaves them here; they are removed after a day."""


class LocalStorage:
    """Implements `FileStorage` in a folder, which is created when it is first used."""

    def __init__(self, folder: Path, *, secret: str) -> None:
        self.folder = folder
        self.addresses = LocalAddresses(secret)
        self.calls = BlockingCalls("local", faults=(OSError,), seconds=_SECONDS)

    async def sign_upload(self, key: str, *, content_type: str, size: int) -> Upload:
        expires_at = ends_after(UPLOAD_SECONDS)
        granted = Granted(
            method="PUT",
            key=key,
            content_type=content_type,
            size=size,
            expires=int(expires_at.timestamp()),
        )
        return Upload(
            method="PUT",
            url=self.addresses.sign(granted),
            headers={"Content-Type": content_type},
            expires_at=expires_at,
        )

    async def sign_downloads(
        self, files: Sequence[tuple[str, Served]], *, expires_at: datetime
    ) -> Sequence[str]:
        expires = int(expires_at.timestamp())
        return [
            self.addresses.sign(
                Granted(
                    method="GET",
                    key=key,
                    content_type=served.content_type,
                    disposition=served.disposition,
                    expires=expires,
                )
            )
            for key, served in files
        ]

    async def fetch(self, key: str, target: Path, *, most: int) -> None:
        await self.calls.run("fetch", _copy, self.path(key), target, most)

    async def put(self, source: Path, key: str, served: Served) -> None:
        await self.calls.run("put", self._put, source, key)

    async def delete(self, attachment_id: str, *, keep: frozenset[str] = frozenset()) -> int:
        return await self.calls.run("delete", self._delete, attachment_id, keep)

    async def list_parts(self, attachment_id: str) -> Sequence[str]:
        return await self.calls.run("list", self._list, attachment_id)

    async def tidy(self) -> None:
        await self.calls.run("tidy", self._tidy)

    async def probe(self) -> None:
        await self.calls.run("probe", self._probe)

    async def close(self) -> None:
        await self.calls.close()

    def path(self, key: str) -> Path:
        """Return where a file is. Two levels keep folders small."""
        return self.folder / key[:2] / key

    def begin(self) -> Path:
        """Return the path for a new file, which is to be written and then passed to `finish`. This
        blocks."""
        incoming = self.folder / _INCOMING
        incoming.mkdir(parents=True, exist_ok=True)
        return incoming / secrets.token_hex(16)

    def finish(self, written: Path, key: str, *, durable: bool) -> None:
        """Give a written file its key. Another file under it is replaced at once. This blocks.

        A durable file is on the disk when this returns. A new file gets its key first: one commit
        of the file system's journal then makes both durable. A crash in between leaves an
        incomplete file under a key that no attachment names yet.
        """
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with written.open("rb") as file:
            if durable and path.exists():
                os.fsync(file.fileno())
            written.replace(path)
            if durable:
                os.fsync(file.fileno())
                _sync(path.parent)

    def _put(self, source: Path, key: str) -> None:
        written = self.begin()
        try:
            shutil.copyfile(source, written)
            self.finish(written, key, durable=True)
        finally:
            written.unlink(missing_ok=True)

    def _delete(self, attachment_id: str, keep: frozenset[str]) -> int:
        prefix = prefix_of(attachment_id)
        folder = self.path(prefix)
        deleted = 0
        with contextlib.suppress(FileNotFoundError):
            for path in list(folder.iterdir()):
                if prefix + path.name not in keep:
                    path.unlink(missing_ok=True)
                    deleted += 1
            if not keep:
                _remove_empty(folder)
        return deleted

    def _list(self, attachment_id: str) -> list[str]:
        prefix = prefix_of(attachment_id)
        folder = self.path(prefix)
        return sorted(prefix + one.name for one in folder.iterdir()) if folder.is_dir() else []

    def _tidy(self) -> None:
        before = time.time() - _DAY_SECONDS
        with contextlib.suppress(FileNotFoundError):
            for path in (self.folder / _INCOMING).iterdir():
                if path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)

    def _probe(self) -> None:
        written = self.begin()
        written.write_bytes(b"probe")
        key = staging_key("a" * 26)
        self.finish(written, key, durable=True)
        self.path(key).unlink()


def _copy(source: Path, target: Path, most: int) -> None:
    try:
        with source.open("rb") as file, target.open("xb") as copy:
            left = most
            while left > 0 and (part := file.read(min(left, 1024 * 1024))):
                copy.write(part)
                left -= len(part)
    except FileNotFoundError as error:
        if source.exists():
            raise
        raise FileMissing from error


def _remove_empty(folder: Path) -> None:
    """Remove a folder, unless an upload has just put something into it."""
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
