"""What all storages of files promise, see `messaging.files.storage`."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from chat.files.application import LocalFiles
from messaging.domain.identifiers import random_id
from messaging.files.content_types import served_as
from messaging.files.keys import new_part, staging_key, stored_key
from messaging.files.storage import FileMissing, FileStorage, FilesUnavailable, Upload
from messaging.files.storages.gcs import GcsStorage
from messaging.files.storages.local import LocalStorage
from messaging.files.storages.s3 import S3Storage
from tests.files.gcs_server import BUCKET, GcsServer
from tests.files.s3_server import S3Server, s3_server

CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 8
TYPE = "application/pdf"


@pytest.fixture(scope="module", name="gcs")
def _gcs() -> Iterator[GcsServer]:
    with GcsServer().run() as server:
        yield server


@pytest.fixture(scope="module", name="s3")
def _s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(params=["local", "gcs", "s3"])
async def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FileStorage]:
    made: FileStorage
    environment: Mapping[str, str] = {}
    if request.param == "gcs":
        environment = request.getfixturevalue("gcs").environment(tmp_path)
        made = GcsStorage(BUCKET)
    elif request.param == "s3":
        environment = request.getfixturevalue("s3").environment()
        made = S3Storage(BUCKET)
    else:
        made = LocalStorage(tmp_path / "files", secret=settings.SECRET_KEY)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield made
    await made.close()


@pytest.fixture
async def browser(
    storage: FileStorage, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """It knows nothing but the addresses. The local storage is served by our own server."""
    monkeypatch.setattr(settings, "CHAT_RATE_LIMITS", False)

    async def nowhere(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    transport: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport()
    if isinstance(storage, LocalStorage):
        transport = httpx.ASGITransport(LocalFiles(nowhere, storage=storage))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


async def uploading(
    browser: httpx.AsyncClient, where: Upload, content: bytes = CONTENT, *, content_type: str = TYPE
) -> int:
    headers = {**where.headers, "Content-Type": content_type}
    answer = await browser.request(where.method, where.url, content=content, headers=headers)
    return answer.status_code


async def fetched(storage: FileStorage, key: str, folder: Path, most: int = 1 << 20) -> bytes:
    target = folder / new_part()
    await storage.fetch(key, target, most=most)
    return target.read_bytes()


async def test_an_upload_arrives(
    storage: FileStorage, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    key = staging_key(random_id())
    where = await storage.sign_upload(key, content_type=TYPE, size=len(CONTENT))

    assert await uploading(browser, where) == 200

    assert await fetched(storage, key, tmp_path) == CONTENT
    assert await fetched(storage, key, tmp_path, most=10) == CONTENT[:10]


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b""])
async def test_an_upload_of_another_size_is_refused(
    storage: FileStorage, browser: httpx.AsyncClient, tmp_path: Path, content: bytes
) -> None:
    key = staging_key(random_id())
    where = await storage.sign_upload(key, content_type=TYPE, size=len(CONTENT))

    assert 400 <= await uploading(browser, where, content) < 500

    with pytest.raises(FileMissing):
        await fetched(storage, key, tmp_path)


async def test_an_upload_of_another_type_or_key_is_refused(
    storage: FileStorage, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    id_, other = random_id(), random_id()
    where = await storage.sign_upload(staging_key(id_), content_type=TYPE, size=len(CONTENT))
    elsewhere = Upload(
        method="PUT",
        url=where.url.replace(id_, other),
        headers=where.headers,
        expires_at=where.expires_at,
    )

    assert 400 <= await uploading(browser, where, content_type="text/html") < 500
    assert await uploading(browser, elsewhere) == 403
    assert (await browser.get(where.url)).status_code == 403

    for key in (staging_key(id_), staging_key(other)):
        with pytest.raises(FileMissing):
            await fetched(storage, key, tmp_path)


async def test_a_stored_file_is_served_as_it_was_signed(
    storage: FileStorage, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    key, served = stored_key(random_id(), new_part()), served_as("text/csv", 'te"e ☕.csv')
    await storage.put(source, key, served)
    expires_at = datetime.now(UTC) + timedelta(minutes=1)

    [url] = await storage.sign_downloads([(key, served)], expires_at=expires_at)
    answer = await browser.get(url)

    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "text/csv"
    disposition = "attachment; filename*=UTF-8''te%22e%20%E2%98%95.csv"
    assert answer.headers["content-disposition"] == disposition
    assert (await browser.get(url.replace("text%2Fcsv", "text%2Fhtml"))).status_code == 403
    assert (await browser.put(url, content=b"evil")).status_code == 403
    assert await fetched(storage, key, tmp_path) == CONTENT


async def test_an_address_expires(
    storage: FileStorage, browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    key, served = stored_key(random_id(), new_part()), served_as(TYPE, "tea.pdf")
    await storage.put(source, key, served)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    [url] = await storage.sign_downloads([(key, served)], expires_at=soon)

    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while (await browser.get(url)).status_code == 200:
        assert datetime.now(UTC) < deadline

    assert (await browser.get(url)).status_code == 403
    assert datetime.now(UTC) >= soon - timedelta(seconds=1)  # vendors sign whole seconds


async def test_only_files_of_one_attachment_are_listed_and_deleted(
    storage: FileStorage, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    served = served_as(TYPE, "tea.pdf")
    id_, other = random_id(), random_id()
    kept, gone, elsewhere = (
        stored_key(id_, new_part()),
        staging_key(id_),
        stored_key(other, new_part()),
    )
    for key in (kept, gone, elsewhere):
        await storage.put(source, key, served)

    assert await storage.list_parts(id_) == sorted([kept, gone])
    assert await storage.list_parts(random_id()) == []
    assert await storage.delete(id_, keep=frozenset([kept])) == 1
    assert await fetched(storage, kept, tmp_path) == CONTENT
    with pytest.raises(FileMissing):
        await fetched(storage, gone, tmp_path)
    assert await storage.delete(id_) == 1
    assert await storage.delete(id_) == 0
    assert await fetched(storage, elsewhere, tmp_path) == CONTENT


async def test_a_new_file_has_its_key_before_it_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One commit of the journal then suffices. A file that replaces another one is synced first:
    whatever crashes, its key never loses its content."""
    storage = LocalStorage(tmp_path / "files", secret="of the test")
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    key = stored_key(random_id(), new_part())
    synced: list[Path] = []
    sync = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    path = storage.path(key)

    await storage.put(source, key, served_as(TYPE, "tea.pdf"))
    assert synced == [path, path.parent]

    await storage.put(source, key, served_as(TYPE, "tea.pdf"))
    assert synced[2].parent == storage.folder / ".incoming"
    assert synced[3:] == [path, path.parent]
    await storage.close()


async def test_a_probe_leaves_nothing(storage: FileStorage, tmp_path: Path) -> None:
    await storage.probe()
    await storage.tidy()

    with pytest.raises(FileMissing):
        await fetched(storage, staging_key("a" * 26), tmp_path)


@pytest.mark.parametrize("kind", ["local", "gcs", "s3"])
async def test_a_storage_that_does_not_answer_is_unavailable(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gcs: GcsServer, s3: S3Server
) -> None:
    storage: FileStorage
    nothing = "http://127.0.0.1:9"
    if kind == "gcs":
        environment = {**gcs.environment(tmp_path), "API_ENDPOINT_OVERRIDE": nothing}
        storage = GcsStorage(BUCKET)
    elif kind == "s3":
        environment = {**s3.environment(), "AWS_ENDPOINT_URL_S3": nothing}
        storage = S3Storage(BUCKET)
    else:
        (tmp_path / "file").write_text("no folder")
        environment = {}
        storage = LocalStorage(tmp_path / "file", secret="x")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    source = tmp_path / "source"
    source.write_bytes(CONTENT)

    with pytest.raises(FilesUnavailable):
        await storage.put(source, stored_key(random_id(), new_part()), served_as(TYPE, "a.pdf"))
    await storage.close()
