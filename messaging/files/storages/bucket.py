"""A bucket whose vendor's client blocks: every call runs in a thread, with a deadline."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from messaging.files.storage import Served, Upload
from messaging.files.storages.blocking import BlockingCalls

_SECONDS = 20.0


class BlockingBucket(ABC):
    """Implements `FileStorage` by the blocking methods of a subclass. Those raise FileMissing and
    the faults of the vendor's client."""

    def __init__(self, storage: str, *, faults: tuple[type[Exception], ...]) -> None:
        self._calls = BlockingCalls(storage, faults=faults, seconds=_SECONDS)

    async def sign_upload(self, key: str, *, content_type: str, size: int) -> Upload:
        return await self._calls.run("sign_upload", self._sign_upload, key, content_type, size)

    async def sign_downloads(
        self, files: Sequence[tuple[str, Served]], *, expires_at: datetime
    ) -> Sequence[str]:
        return await self._calls.run("sign_downloads", self._sign_downloads, files, expires_at)

    async def fetch(self, key: str, target: Path, *, most: int) -> None:
        await self._calls.run("fetch", self._fetch, key, target, most)

    async def put(self, source: Path, key: str, served: Served) -> None:
        await self._calls.run("put", self._put, source, key, served)

    async def delete(self, attachment_id: str, *, keep: frozenset[str] = frozenset()) -> int:
        return await self._calls.run("delete", self._delete, attachment_id, keep)

    async def list_parts(self, attachment_id: str) -> Sequence[str]:
        return await self._calls.run("list", self._list, attachment_id)

    async def tidy(self) -> None:  # noqa: B027 - no bucket has anything to tidy
        """Do nothing: a bucket shows only complete objects."""

    async def probe(self) -> None:
        await self._calls.run("probe", self._probe)

    async def close(self) -> None:
        await self._calls.close()

    def _sign_downloads(
        self, files: Sequence[tuple[str, Served]], expires_at: datetime
    ) -> Sequence[str]:
        return [self._sign_download(key, served, expires_at) for key, served in files]

    @abstractmethod
    def _sign_upload(self, key: str, content_type: str, size: int) -> Upload: ...

    @abstractmethod
    def _sign_download(self, key: str, served: Served, expires_at: datetime) -> str: ...

    @abstractmethod
    def _fetch(self, key: str, target: Path, most: int) -> None: ...

    @abstractmethod
    def _put(self, source: Path, key: str, served: Served) -> None: ...

    @abstractmethod
    def _delete(self, attachment_id: str, keep: frozenset[str]) -> int: ...

    @abstractmethod
    def _list(self, attachment_id: str) -> list[str]: ...

    @abstractmethod
    def _probe(self) -> None: ...
