"""Imports that are refused before they begin: one line says why, and nothing is touched."""

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

HEAD = "conversation,sender,sent_at,text,file\n"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "chat.csv"
    path.write_text(f"{HEAD}tea,ann,2026-01-01T00:00:00Z,hello,\n")
    return path


def refusal(export: Path, *arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("import_conversations", str(export), "--from", "csv", *arguments)
    return str(refused.value)


def test_a_file_that_exists_is_not_overwritten(export: Path, tmp_path: Path) -> None:
    """Nor is a link or a pipe replaced."""
    there, link, pipe = (tmp_path / name for name in ("there", "link", "pipe"))
    os.mkfifo(pipe)
    there.write_text("mine")
    link.symlink_to(tmp_path / "absent")
    for path in (there, link, pipe):
        assert refusal(export, "--to", str(path)) == f"{path} exists. Name another file."
    assert there.read_text() == "mine"
    assert link.is_symlink()
    assert pipe.is_fifo()


def test_a_file_that_cannot_be_written_is_named(export: Path, tmp_path: Path) -> None:
    path = tmp_path / "none" / "out.jsonl"
    wrong = f"{path} cannot be written: No such file or directory."
    assert refusal(export, "--to", str(path)) == wrong


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "is not UTF-8."),
        (b"U1,ann,more\n", "must have two columns in each row."),
        (b"U1,me\n", "has 'me', which is no user id: "),
        (b"U1,erased:x\n", "has 'erased:x', which is no user id: "),
        (b"U1,ann\nU1,bob\n", "names two user ids for 'U1'."),
        (b"U1," + b"x" * 200_000, "is not CSV: field larger than field limit"),
    ],
)
def test_a_wrong_file_of_people_is_refused(
    export: Path, tmp_path: Path, content: bytes, reason: str
) -> None:
    people = tmp_path / "people.csv"
    people.write_bytes(content)
    assert refusal(export, "--dry-run", "--people", str(people)).startswith(f"{people} {reason}")


def test_the_folder_of_files_must_be_one(export: Path, tmp_path: Path) -> None:
    for wrong in (export, tmp_path / "absent"):
        refused = refusal(export, "--dry-run", "--files", str(wrong))
        assert refused == f"{wrong} is not a folder."


@pytest.mark.parametrize("name", ["loop.txt", "out.txt", "up/../../chat.csv", "pipe.txt"])
def test_a_file_is_in_its_folder(export: Path, tmp_path: Path, name: str) -> None:
    """The person who made the export may have put links into it."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "out.txt").symlink_to("/etc/passwd")
    export.write_text(f"{HEAD}tea,ann,2026-01-01T00:00:00Z,hello,{name}\n")
    output = StringIO()
    with pytest.raises(CommandError, match=r"^1 problems"):
        call_command(
            *("import_conversations", str(export), "--from", "csv", "--dry-run"),
            *("--files", str(folder)),
            stdout=output,
        )
    assert f"chat.csv line 2: The folder of files has no {name}." in output.getvalue()
