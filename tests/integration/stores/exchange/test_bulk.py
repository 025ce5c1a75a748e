"""Many messages from store to store by the commands, in constant memory, killed at any moment.

`make chaos` runs the long forms: a million messages from SQLite to PostgreSQL, 100,000 to Firestore
and back. Each prints its rates.
"""

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from config.development.instances import development_environment
from tests.databases import migrate
from tests.integration.stores.exchange.bulk import write_file
from tests.integration.stores.exchange.chats import body

ROOT = Path(__file__).parents[4]
_MOST_MEMORY = 100 * 1024 * 1024


def sqlite(path: Path) -> Mapping[str, str]:
    return _environment(DATABASE_URL=f"sqlite:///{path}", CHAT_STORE="sql")


def firestore(path: Path, emulator: str) -> Mapping[str, str]:
    return _environment(
        DATABASE_URL=f"sqlite:///{path}",
        CHAT_STORE="firestore",
        GOOGLE_CLOUD_PROJECT=f"test-{uuid4().hex}",
        FIRESTORE_EMULATOR_HOST=emulator,
    )


def postgres(url: str) -> Mapping[str, str]:
    name = f"exchange_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    address = urlsplit(url)._replace(path=f"/{name}").geturl()
    return _environment(DATABASE_URL=address, CHAT_STORE="sql")


def _environment(**settings: str) -> Mapping[str, str]:
    return development_environment(
        DJANGO_SETTINGS_MODULE="config.settings", REDIS_URL="", **settings
    )


def start(environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(environment: Mapping[str, str], *arguments: str) -> tuple[str, int]:
    """Run a command to its end. Return what it wrote, and its most memory in bytes."""
    process = start(environment, *arguments)
    with ThreadPoolExecutor(1) as thread:
        output = thread.submit(process.communicate)
        memory = 0
        while not output.done():
            memory = max(memory, peak(process.pid))
            wait([output], timeout=0.05)
        wrote, _ = output.result()
    assert process.returncode == 0, wrote
    return wrote, memory


def peak(pid: int) -> int:
    """The most memory of a process so far. `getrusage` would count that of its parent too, from
    before it became a program of its own."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def kill(environment: Mapping[str, str], seconds: float, *arguments: str) -> bool:
    """Kill a command after so many seconds. Return whether it had ended before."""
    process = start(environment, *arguments)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        return False
    return True


def at_start(environment: Mapping[str, str]) -> int:
    """The memory of a command that does nothing."""
    _, memory = run(environment, "load_conversations", "--help")
    return memory


def moved(
    source: Path, target: Mapping[str, str], folder: Path, *, kills: int, seconds: float
) -> Path:
    """Load a file, killed so often, and return the dump of the target, which is the same."""
    begun = at_start(target)
    chance = random.Random(1)
    ended = 0
    for _ in range(kills):
        ended += kill(target, chance.uniform(1, seconds), "load_conversations", str(source))
    loading = time.monotonic()
    output, memory = run(target, "load_conversations", str(source))
    loading = time.monotonic() - loading
    dump = folder / f"{uuid4().hex}.jsonl"
    wrote, dumping = run(target, "dump_conversations", str(dump))
    print(
        f"\n{output.strip()}\nthe last load took {loading:.0f} s after {kills} kills, {ended} of"
        f" which came too late\n{wrote.strip()}\nmemory above the start:"
        f" load {(memory - begun) >> 20} MiB, dump {(dumping - begun) >> 20} MiB"
    )
    assert 0 < begun < memory
    assert memory - begun < _MOST_MEMORY
    assert dumping - begun < _MOST_MEMORY
    same_conversations(source, dump)
    return dump


def same_conversations(one: Path, other: Path) -> None:
    """Compare the people and the hash of each conversation. Stores list them in other orders."""
    with one.open("rb") as first, other.open("rb") as second:
        assert compared_lines(first) == compared_lines(second)


def compared_lines(file: BinaryIO) -> list[bytes]:
    kinds = (b'{"record":"conversation_end"', b'{"record":"person"', b'{"record":"position"')
    return sorted(line for line in file if line.startswith(kinds))


@pytest.mark.chaos
def test_a_million_messages_move_to_postgresql(tmp_path: Path, postgres_server: str) -> None:
    source = tmp_path / "made.jsonl"
    write_file(source, messages=1_000_000, conversations=20)
    first = sqlite(tmp_path / "chat.sqlite3")
    migrate(first)
    dump = moved(source, first, tmp_path, kills=0, seconds=1)
    target = postgres(postgres_server)
    migrate(target)
    moved(dump, target, tmp_path, kills=20, seconds=30)


@pytest.mark.chaos
def test_100_000_messages_move_to_firestore_and_back(
    tmp_path: Path, firestore_emulator: str
) -> None:
    source = tmp_path / "made.jsonl"
    write_file(source, messages=100_000, conversations=10)
    target = firestore(tmp_path / "beside.sqlite3", firestore_emulator)
    migrate(target)
    dump = moved(source, target, tmp_path, kills=20, seconds=15)
    back = sqlite(tmp_path / "back.sqlite3")
    migrate(back)
    moved(dump, back, tmp_path, kills=20, seconds=8)


@pytest.mark.chaos
def test_a_killed_load_goes_on(tmp_path: Path) -> None:
    """One kill in the middle. `test_loading` cuts loads off without processes."""
    source = tmp_path / "made.jsonl"
    write_file(source, messages=3_000, conversations=3)
    target = sqlite(tmp_path / "chat.sqlite3")
    migrate(target)
    dump = moved(source, target, tmp_path, kills=1, seconds=3)
    assert len(body(dump.read_bytes())) == len(body(source.read_bytes()))
