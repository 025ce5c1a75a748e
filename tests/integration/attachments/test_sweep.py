"""The sweep removes the files that nobody can see any more, and no others."""

import os
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from messaging.attachments.check_folders import make_folder, remove_old_folders
from messaging.attachments.sweep import FileSweep
from messaging.domain.conversation import Conversation
from messaging.domain.files.stored_attachment import AttachmentStatus, StoredAttachment
from messaging.domain.identifiers import random_id
from messaging.files.content_types import served_as
from messaging.files.keys import new_part, staging_key, stored_key, thumbnail_key
from messaging.files.storage import FilesUnavailable
from messaging.files.storages.local import LocalStorage
from messaging.stores.conversations import Store
from messaging.stores.firestore.reports import FirestoreReportStore
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.reports import SqlReportStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_attachment, new_conversation, sending

PART = "0" * 32


@pytest.fixture
def sweep(store: SqlStore | FirestoreStore, storage: LocalStorage) -> FileSweep:
    reports = (
        FirestoreReportStore(store) if isinstance(store, FirestoreStore) else SqlReportStore(store)
    )
    return FileSweep(
        conversations=store, reports=reports, attachments=store.attachments, storage=storage
    )


async def kept(store: Store, storage: LocalStorage, new: StoredAttachment, tmp: Path) -> None:
    """Store an attachment with its two files, what an upload left, and what a crash left."""
    await store.attachments.create(new)
    source = tmp / "source"
    source.write_bytes(b"content")
    for key in (
        stored_key(new.id, PART),
        thumbnail_key(new.id, PART),
        staging_key(new.id),
        stored_key(new.id, new_part()),
    ):
        await storage.put(source, key, served_as("image/jpeg", "tea.jpg"))


def files(storage: LocalStorage, attachment: StoredAttachment) -> set[str]:
    folder = storage.path(f"{attachment.id}/")
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


async def sent(store: Store, conversation: Conversation, attachment: StoredAttachment) -> str:
    """The id of a message with this attachment."""
    commit = sending(conversation, "look")
    found = (await store.attachments.get([attachment.id]))[attachment.id]
    message = commit.created[0]
    await store.commit(replace(commit, attached=(replace(found, message_id=message.id, seq=1),)))
    return message.id


@pytest.mark.parametrize("status", [AttachmentStatus.PENDING, AttachmentStatus.READY])
async def test_what_is_not_sent_goes_after_a_day(
    store: Store, storage: LocalStorage, sweep: FileSweep, tmp_path: Path, status: AttachmentStatus
) -> None:
    now = await store.now()
    due = now - timedelta(minutes=1)
    new = new_attachment(random_id(), status=status, sweep_at=due)
    old = replace(new, id=random_id(), created_at=now - timedelta(days=1, minutes=1))
    young = replace(new, id=random_id(), created_at=now - timedelta(hours=23))
    for one in (old, young):
        await kept(store, storage, one, tmp_path)

    assert await sweep.sweep() == 1

    assert (await store.attachments.get([old.id, young.id])).keys() == {young.id}
    assert files(storage, old) == set()
    assert len(files(storage, young)) == 4


async def test_files_of_a_message_stay_and_remains_go(
    store: Store, storage: LocalStorage, sweep: FileSweep, tmp_path: Path
) -> None:
    """Once: then there is nothing more to do."""
    now = await store.now()
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    new = new_attachment(conversation.id, sweep_at=now - timedelta(minutes=1))
    new = replace(new, created_at=now - timedelta(days=1))
    await kept(store, storage, new, tmp_path)
    await sent(store, conversation, new)

    assert await sweep.sweep() == 1

    assert files(storage, new) == {PART, f"{PART}.thumbnail"}
    assert await sweep.sweep() == 0
    listed = await store.attachments.list_shared(conversation.id, first_seq=1, limit=9)
    assert [one.id for one in listed] == [new.id]


async def test_files_of_a_message_that_an_earlier_release_deleted_go(
    store: Store, storage: LocalStorage, sweep: FileSweep, tmp_path: Path
) -> None:
    """It leaves no mark on the attachment, so the sweep looks at the message."""
    now = await store.now()
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    new = new_attachment(conversation.id, sweep_at=now - timedelta(minutes=1))
    new = replace(new, created_at=now - timedelta(hours=1))
    await kept(store, storage, new, tmp_path)
    id_ = await sent(store, conversation, new)
    current = await store.get_conversation(conversation.id)
    assert current is not None
    message = (await store.get_messages(conversation.id, [id_]))[id_]
    tombstone = replace(message, version=2, text=None, deleted_at=now)
    commit = sending(current, "x")
    await store.commit(replace(commit, created=(), replaced=(tombstone,)))

    await sweep.sweep()

    assert files(storage, new) == set()
    assert await store.attachments.get([new.id]) == {}


async def test_an_upload_after_the_deletion_goes_too(
    store: Store, storage: LocalStorage, sweep: FileSweep, tmp_path: Path
) -> None:
    """An address takes uploads for a quarter of an hour, whatever became of its attachment."""
    now = await store.now()
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    for minutes, stays in ((5, True), (25, False)):
        new = new_attachment(
            conversation.id, message_seq=1, sweep_at=None, status=AttachmentStatus.DELETED
        )
        new = replace(new, sweep_at=now, created_at=now - timedelta(minutes=minutes))
        await kept(store, storage, new, tmp_path)

        assert await sweep.sweep() == 1

        assert files(storage, new) == set()
        left = (await store.attachments.get([new.id])).get(new.id)
        assert (left is not None) is stays
        if left is not None:
            assert left.sweep_at == new.created_at + timedelta(minutes=20)
    assert await sweep.sweep() == 0


async def test_an_upload_amid_a_removal(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has just arrived stays for the next sweep; the storage does not count as away."""
    id_ = random_id()
    source = tmp_path / "source"
    source.write_bytes(b"content")
    served = served_as("image/jpeg", "tea.jpg")
    await storage.put(source, stored_key(id_, PART), served)
    folder = storage.path(f"{id_}/")
    unlink = Path.unlink

    def unlink_late(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok=missing_ok)
        if path.parent == folder:
            (folder / "staging").write_bytes(b"content")

    monkeypatch.setattr(Path, "unlink", unlink_late)

    assert await storage.delete(id_) == 1
    assert {path.name for path in folder.iterdir()} == {"staging"}


async def test_nothing_is_forgotten_while_the_storage_is_away(
    store: Store, storage: LocalStorage, sweep: FileSweep, tmp_path: Path
) -> None:
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    new = new_attachment(conversation.id, message_seq=1, sweep_at=None)
    new = replace(new, created_at=await store.now() - timedelta(hours=1))
    await kept(store, storage, new, tmp_path)
    await store.commit(replace(sending(conversation, "bye"), released=(new.id,)))
    away = tmp_path / "away"
    storage.folder.rename(away)
    storage.folder.write_text("no folder")

    with pytest.raises(Exception, match="unavailable"):
        await sweep.sweep()
    storage.folder.unlink()
    away.rename(storage.folder)
    await sweep.sweep()

    assert files(storage, new) == set()
    assert await store.attachments.get([new.id]) == {}


async def test_unfinished_writes_are_removed_after_a_day(storage: LocalStorage) -> None:
    old, young = storage.begin(), storage.begin()
    for path in (old, young):
        path.write_bytes(b"half")
    day_ago = time.time() - 86_401
    os.utime(old, (day_ago, day_ago))

    await storage.tidy()

    assert not old.exists()
    assert young.exists()


def test_folders_that_killed_checks_left_are_removed_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with make_folder() as old, make_folder() as young:
        (Path(old) / "source").write_bytes(b"half")
        day_ago = time.time() - 86_401
        os.utime(old, (day_ago, day_ago))

        remove_old_folders()

        assert list(tmp_path.iterdir()) == [Path(young)]
        Path(old).mkdir()  # for its own end


async def test_a_file_that_its_storage_keeps_holds_up_no_other(
    store: Store, storage: LocalStorage, sweep: FileSweep, tmp_path: Path
) -> None:
    """As under a hold of the bucket. It is tried again later."""
    now = await store.now()
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    kept_back, other = [
        replace(
            new_attachment(conversation.id, message_seq=1, status=AttachmentStatus.DELETED),
            sweep_at=now - timedelta(minutes=minutes),
            created_at=now - timedelta(hours=1),
        )
        for minutes in (2, 1)
    ]
    for one in (kept_back, other):
        await kept(store, storage, one, tmp_path)
    obstacle = storage.path(f"{kept_back.id}/snapshot")
    obstacle.mkdir()

    await sweep.sweep()

    assert files(storage, other) == set()
    left = await store.attachments.get([kept_back.id, other.id])
    assert left.keys() == {kept_back.id}
    sweep_at = left[kept_back.id].sweep_at
    assert sweep_at is not None
    assert sweep_at > now + timedelta(minutes=30)
    assert await sweep.sweep() == 0


async def test_nothing_is_put_off_while_the_storage_is_away(
    store: Store, storage: LocalStorage, sweep: FileSweep, tmp_path: Path
) -> None:
    now = await store.now()
    new = replace(
        new_attachment(random_id(), message_seq=1, status=AttachmentStatus.DELETED),
        sweep_at=now - timedelta(minutes=1),
        created_at=now - timedelta(hours=1),
    )
    await kept(store, storage, new, tmp_path)
    aside = storage.folder.rename(tmp_path / "aside")
    storage.folder.write_text("no folder")

    with pytest.raises(FilesUnavailable):
        await sweep.sweep()

    storage.folder.unlink()
    aside.rename(storage.folder)
    assert await sweep.sweep() == 1
    assert files(storage, new) == set()
