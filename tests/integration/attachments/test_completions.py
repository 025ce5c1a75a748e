"""Checks of uploaded files are fair: no file waits for all those of another person."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from messaging.attachments.completions import Completions
from messaging.domain.exceptions import Overloaded
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import random_id
from messaging.files.checking.workers import CheckingWorkers
from messaging.files.content_types import served_as
from messaging.files.keys import staging_key
from messaging.files.storage import Served
from messaging.files.storages.local import LocalStorage
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_attachment


def photo() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), (180, 90, 20)).save(file, "JPEG")
    return file.getvalue()


PHOTO = photo()


@pytest.fixture
async def completions(sql_store: SqlStore, storage: LocalStorage) -> AsyncIterator[Completions]:
    workers = CheckingWorkers(most=1)
    completions = Completions(
        store=sql_store.attachments, storage=storage, workers=workers, scanner=None, at_once=2
    )
    yield completions
    await completions.stop()
    await workers.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


async def uploaded(
    store: SqlStore, storage: LocalStorage, folder: Path, owner_id: str
) -> StoredAttachment:
    new = new_attachment(random_id(), owner_id=owner_id, status=AttachmentStatus.PENDING)
    source = folder / new.id
    source.write_bytes(PHOTO)
    await storage.put(source, staging_key(new.id), served_as("image/jpeg", "tea.jpg"))
    plain = replace(new, size=len(PHOTO), part=None, has_thumbnail=False)
    return await store.attachments.create(plain)


async def completed(completions: Completions, attachment: StoredAttachment) -> StoredAttachment:
    """As a client does it: while the file is still being checked, it asks again."""
    while True:
        try:
            return await completions.complete(attachment)
        except Overloaded as overloaded:
            if "still being checked" not in str(overloaded):
                raise


class StoresTwoAtOnce(LocalStorage):
    """Stores a file only together with another one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, secret="of the test")
        self._both = asyncio.Barrier(2)

    async def put(self, source: Path, key: str, served: Served) -> None:
        if not key.endswith("/staging"):
            await self._both.wait()
        await super().put(source, key, served)


async def test_an_image_and_its_thumbnail_are_stored_at_the_same_time(
    sql_store: SqlStore, folder: Path
) -> None:
    """One after the other, their syncs would delay the commits of sends twice."""
    storage = StoresTwoAtOnce(folder / "files")
    workers = CheckingWorkers(most=1)
    completions = Completions(
        store=sql_store.attachments, storage=storage, workers=workers, scanner=None, at_once=2
    )
    attachment = await uploaded(sql_store, storage, folder, "ann")
    try:
        async with asyncio.timeout(60):
            ready = await completed(completions, attachment)
        assert ready.status is AttachmentStatus.READY
        assert len(await storage.list_parts(attachment.id)) == 2
    finally:
        await completions.stop()
        await workers.close()
        await storage.close()


async def test_one_file_does_not_wait_for_all_of_another_person(
    completions: Completions, sql_store: SqlStore, storage: LocalStorage, folder: Path
) -> None:
    """Even though they came first."""
    order: list[str] = []

    async def complete(attachment: StoredAttachment) -> None:
        ready = await completed(completions, attachment)
        assert ready.status is AttachmentStatus.READY
        order.append(attachment.owner_id)

    anns = [await uploaded(sql_store, storage, folder, "ann") for _ in range(8)]
    bobs = await uploaded(sql_store, storage, folder, "bob")

    await asyncio.gather(*map(complete, [*anns, bobs]))

    assert order.index("bob") <= 2


async def test_one_person_cannot_fill_the_line(
    completions: Completions, sql_store: SqlStore, storage: LocalStorage, folder: Path
) -> None:
    anns = [await uploaded(sql_store, storage, folder, "ann") for _ in range(40)]
    bobs = await uploaded(sql_store, storage, folder, "bob")
    completing = []
    for attachment in anns:
        completing.append(asyncio.create_task(completed(completions, attachment)))
        await asyncio.sleep(0)

    assert (await completed(completions, bobs)).status is AttachmentStatus.READY

    results = await asyncio.gather(*completing, return_exceptions=True)
    refused = [one for one in results if isinstance(one, BaseException)]
    assert 1 <= len(refused) < 10
    assert all(isinstance(one, Overloaded) for one in refused)
