"""The files of an import: one copy at a time on the disk, and none stored that no message has."""

import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from messaging.exchange.importing.foreign import Unusable
from messaging.files.checking.workers import CheckingWorkers
from messaging.files.storage import Served
from messaging.files.storages.local import LocalStorage
from messaging.models import AttachmentRecord, MessageRecord
from messaging.services.exchange.imported_files import ImportedFiles
from messaging.services.exchange.importing import Import

ROWS = "conversation,sender,sent_at,text,kind,participants,file\n"
CONTENT = b"notes\n"


@pytest.fixture(autouse=True)
def stored(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "stored"
    with override_settings(CHAT_FILES="local", CHAT_FILES_DIR=str(folder)):
        yield folder


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with files of the same content."""
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_bytes(CONTENT)
    return folder


def export(folder: Path, *rows: str, name: str = "chat.csv") -> Path:
    path = folder / name
    path.write_text(ROWS + "".join(f"{row}\n" for row in rows))
    return path


def direct(second: int, text: str, file: str = "") -> str:
    return f"pair,ann,2020-01-01T00:00:{second:02}Z,{text},direct,ann bob,{file}"


def run(source: Path, files: Path | None = None) -> str:
    output = StringIO()
    named = ("--files", str(files)) if files else ()
    call_command("import_conversations", str(source), "--from", "csv", *named, stdout=output)
    return output.getvalue()


def copies(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file() and one.read_bytes() == CONTENT]


class WatchedStorage(LocalStorage):
    """Counts the copies on the disk whenever a file is stored."""

    def __init__(self, folder: Path, temporary: Path) -> None:
        super().__init__(folder, secret="secret")
        self._temporary = temporary
        self.copies: list[int] = []

    async def put(self, source: Path, key: str, served: Served) -> None:
        self.copies.append(len(copies(self._temporary)))
        await super().put(source, key, served)


async def test_the_disk_holds_the_copies_of_one_file(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    source = export(tmp_path, *(direct(number, "", f"{number}.txt") for number in range(3)))
    storage = WatchedStorage(tmp_path / "stored", temporary)
    workers = CheckingWorkers(most=1)
    with ImportedFiles(folder=files, workers=workers) as imported:
        importing = Import(product="csv", people={}, files=imported, show=print)
        try:
            assert await importing.convert(source, tmp_path / "out.jsonl")
            assert copies(temporary) == []
            await imported.store(storage, None)
            assert copies(temporary) == []
            (files / "0.txt").write_bytes(CONTENT * 2)
            with pytest.raises(Unusable, match="has changed during the import"):
                await imported.store(storage, None)
        finally:
            await workers.close()
            await storage.close()
    assert len(storage.copies) == 3
    assert max(storage.copies) <= 2  # what was copied, and what the check made of it
    assert len(copies(tmp_path / "stored")) == 3


@pytest.mark.django_db(transaction=True)
def test_a_conversation_that_is_not_loaded_leaves_no_files(
    files: Path, stored: Path, tmp_path: Path
) -> None:
    """The store has another direct conversation of the same people."""
    run(export(tmp_path, direct(1, "hello"), name="before.csv"))
    source = export(tmp_path, direct(2, "see the file", "0.txt"))

    with pytest.raises(CommandError):
        run(source, files)

    assert not AttachmentRecord.objects.exists()
    assert copies(stored) == []


@pytest.mark.django_db(transaction=True)
def test_an_import_with_a_problem_stores_no_files(
    files: Path, stored: Path, tmp_path: Path
) -> None:
    source = export(tmp_path, direct(1, "", "0.txt"), direct(2, "", "missing.txt"))

    with pytest.raises(CommandError, match="1 problems"):
        run(source, files)

    assert copies(stored) == []
    assert not MessageRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_was_deleted_here_is_not_stored_again(
    files: Path, stored: Path, tmp_path: Path
) -> None:
    source = export(tmp_path, direct(1, "a", "0.txt"), direct(2, "b", "1.txt"))
    run(source, files)
    first, second = copies(stored)
    gone = AttachmentRecord.objects.get(id=first.parent.name)
    AttachmentRecord.objects.filter(id=gone.id).update(status="deleted")
    first.unlink()

    with pytest.raises(CommandError):  # the conversation is another one by now
        run(source, files)

    assert copies(stored) == [second]


def test_nothing_is_written_without_its_files(files: Path, stored: Path, tmp_path: Path) -> None:
    """The storage cannot take the file."""
    stored.write_text("a file where the folder should be")
    source, target = export(tmp_path, direct(1, "", "0.txt")), tmp_path / "out.jsonl"
    named = ("--from", "csv", "--files", str(files), "--to", str(target))

    with pytest.raises(CommandError, match="The storage of files does not answer"):
        call_command("import_conversations", str(source), *named, stdout=StringIO())

    assert not target.exists()
