"""The interface of a storage of files. `local`, `gcs` and `s3` implement it; one suite checks all.

A client uploads to a staging key. The server checks these bytes, and writes them under a key for
which no URL to write was ever signed. All keys of one attachment begin with its id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from messaging.domain.exceptions import StoreUnavailable


class FileMissing(Exception):
    """There is no file under this key."""


class FilesUnavailable(StoreUnavailable):
    """The storage of files is unavailable. Retry after 1 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Where and how a client uploads a file."""

    method: str
    url: str
    """Of the local storage, only path and query: the server adds its own host."""
    headers: Mapping[str, str]
    """The client must send exactly these."""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """How a stored file is served."""

    content_type: str
    disposition: str
    """The value of `Content-Disposition`."""


class FileStorage(Protocol):
    """Every method may raise `FilesUnavailable`, within some seconds. No method blocks the event
    loop."""

    async def sign_upload(self, key: str, *, content_type: str, size: int) -> Upload:
        """Return a signed URL that takes exactly this type and size."""

    async def sign_downloads(
        self, files: Sequence[tuple[str, Served]], *, expires_at: datetime
    ) -> Sequence[str]:
        """Return a signed URL for each key, which serves the file until then. As in `Upload`, one
        of the local storage lacks the host."""

    async def fetch(self, key: str, target: Path, *, most: int) -> None:
        """Copy a file to a new local file: at most its first `most` bytes. Raises FileMissing."""

    async def put(self, source: Path, key: str, served: Served) -> None:
        """Store a local file, durably, under a key."""

    async def delete(self, attachment_id: str, *, keep: frozenset[str] = frozenset()) -> int:
        """Delete the files of an attachment, except these keys. Return how many there were."""

    async def list_parts(self, attachment_id: str) -> Sequence[str]:
        """Return the keys of all files of an attachment."""

    async def tidy(self) -> None:
        """Remove what crashes left of unfinished writes more than a day ago."""

    async def probe(self) -> None:
        """Write, read and delete a small file. Raises the error that the storage gives, for the
        doctor."""

    async def close(self) -> None:
        """Release connections and threads."""
