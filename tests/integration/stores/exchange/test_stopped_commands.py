"""Commands that are stopped, or that cannot go on: one line says so, and nothing is half-done."""

import errno
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.databases import migrate
from tests.integration.stores.exchange.bulk import write_file
from tests.integration.stores.exchange.small_files import file_with
from tests.integration.stores.exchange.test_bulk import ROOT, run, sqlite

_TRIES = 600


def _start(environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """Start a command that hears SIGINT, also if the tests run in the background. It has no
    standard input."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def _opened(pipe: Path) -> int:
    """Return the end of a named pipe, once somebody reads from it."""
    for _ in range(_TRIES):
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            time.sleep(0.1)
    raise TimeoutError


def test_control_c_ends_a_command_with_one_line(tmp_path: Path) -> None:
    pipe = tmp_path / "chat.jsonl"
    os.mkfifo(pipe)
    environment = sqlite(tmp_path / "chat.sqlite3")
    process = _start(environment, "load_conversations", str(pipe), "--dry-run")
    writer = _opened(pipe)
    process.send_signal(signal.SIGINT)

    wrote, errors = process.communicate(timeout=60)

    os.close(writer)
    assert (wrote, errors.split(), process.returncode) == ("", ["Stopped."], 130)


def test_a_dump_without_room_leaves_no_file(tmp_path: Path) -> None:
    """A file that fills the disk would be of no use: it cannot be loaded."""
    made, dump = tmp_path / "made.jsonl", tmp_path / "dump.jsonl"
    write_file(made, messages=2_000, conversations=1)
    environment = sqlite(tmp_path / "chat.sqlite3")
    migrate(environment)
    run(environment, "load_conversations", str(made))

    process = _start(environment, "dump_conversations", str(dump))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (made.stat().st_size // 2,) * 2)
    _, errors = process.communicate(timeout=60)

    last = errors.splitlines()[-1]
    assert last.startswith("CommandError: There is not enough room in ")
    assert last.endswith(f" or {tmp_path}: File too large.")
    assert process.returncode == 1
    assert not dump.exists()


def test_nobody_is_erased_without_a_confirmation(tmp_path: Path) -> None:
    environment = sqlite(tmp_path / "chat.sqlite3")
    process = _start(environment, "erase_user", "ann")

    _, errors = process.communicate(timeout=60)

    assert errors == "CommandError: Nobody confirmed it. Nothing was erased. See --yes.\n"
    assert process.returncode == 1


@pytest.mark.django_db(transaction=True)
def test_a_file_is_loaded_by_one_command_at_a_time(tmp_path: Path) -> None:
    """Both would write down in the same file how far they are."""
    path = tmp_path / "chat.jsonl"
    path.write_bytes(file_with(["hello"]))
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        with pytest.raises(CommandError) as refused:
            call_command("load_conversations", str(path))

        reason = "Another command is loading this file. Wait for its end. Nothing was loaded."
        assert str(refused.value) == reason
    output = StringIO()
    call_command("load_conversations", str(path), stdout=output)
    assert "1 conversations with 1 messages" in output.getvalue()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["dump_conversations", "export_user"])
def test_a_file_that_cannot_be_created_is_named(command: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"mine")
    arguments = ["ann", "--output"] if command == "export_user" else []
    with pytest.raises(CommandError, match=f"^{there} exists. Name another file.$"):
        call_command(command, *arguments, str(there))
    assert there.read_bytes() == b"mine"
    nowhere = tmp_path / "none" / "file"
    with pytest.raises(CommandError, match=f"^{nowhere} cannot be written: No such file or dir"):
        call_command(command, *arguments, str(nowhere))


def test_a_reader_that_ends_ends_a_command_quietly(tmp_path: Path) -> None:
    """As `head` does."""
    environment = sqlite(tmp_path / "chat.sqlite3")
    process = _start(environment, "dump_conversations", "--schema")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""
    process.stderr.close()


def test_an_export_is_written_to_the_standard_output(tmp_path: Path) -> None:
    """The file alone: what is said about it goes elsewhere."""
    environment = sqlite(tmp_path / "chat.sqlite3")
    migrate(environment)
    process = _start(environment, "export_user", "ann", "--output", "-")

    wrote, said = process.communicate(timeout=60)

    assert process.returncode == 0
    first, *_, last = [json.loads(line) for line in wrote.splitlines()]
    assert (first["record"], last["record"]) == ("header", "end")
    assert "0 conversations" in said
