"""The command `copy_store`: what it refuses and reports, and that it survives kills and signals."""

import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.management import CommandError
from pytest_django import Settings

from messaging.models import AuditEntryRecord, RecipientRecord
from messaging.stores import make_stores
from tests.databases import migrate
from tests.integration.stores.copy_commands import call, chats_beside_firestore
from tests.integration.stores.exchange.bulk import write_file
from tests.integration.stores.exchange.chats import body, close, dumped
from tests.integration.stores.exchange.test_bulk import (
    at_start,
    firestore,
    kill,
    run,
    same_conversations,
    start,
)

pytestmark = pytest.mark.django_db(transaction=True)
TO_FIRESTORE = ("copy_store", "--from", "sql", "--to", "firestore")
TO_SQL = ("copy_store", "--from", "firestore", "--to", "sql")
_MOST_MEMORY = 100 * 1024 * 1024


@pytest_asyncio.fixture
async def chats(
    transactional_db: None,
    firestore_emulator: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The SQL store with people in it, beside an empty Firestore."""
    await chats_beside_firestore(firestore_emulator, settings, monkeypatch)


@pytest.mark.usefixtures("chats")
async def test_the_command_copies_and_says_what_it_wrote() -> None:
    """A dry run before and after, the copy itself, and its entry in the audit trail."""
    dry = await call(*TO_FIRESTORE, "--dry-run")
    assert "4 conversations: 4 are not in the copy, 0 are behind, 0 have later changes" in dry
    source, target = make_stores("sql"), make_stores("firestore")
    assert body(await dumped(target))[:-1] == []
    assert not await sync_to_async(AuditEntryRecord.objects.filter(actor="copy_store").exists)()

    output = await call(*TO_FIRESTORE, "--verify")
    assert "4 conversations (of 4 that were compared)" in output
    assert "Each conversation has the same hash in both stores." in output
    assert body(await dumped(target)) == body(await dumped(source))
    assert "0 are not in the copy, 0 are behind" in await call(*TO_FIRESTORE, "--dry-run")
    entry = await sync_to_async(AuditEntryRecord.objects.get)(actor="copy_store")
    assert (entry.action, entry.detail) == ("store.copied", {"from": "sql", "to": "firestore"})
    await close(source)
    await close(target)


@pytest.mark.usefixtures("chats")
async def test_what_is_refused_says_why(settings: Settings) -> None:
    for arguments, reason in (
        (("--from", "sql", "--to", "sql"), "two kinds"),
        (("--from", "firestore", "--to", "sql"), "CHAT_STORE is sql"),
    ):
        with pytest.raises(CommandError, match=reason):
            await call("copy_store", *arguments)
    target = make_stores("firestore")
    await target.people.set_profile("zoe", {"name": "Zoe"})
    for more in ((), ("--dry-run",)):
        with pytest.raises(CommandError, match="holds data, and is no copy of the present sql"):
            await call(*TO_FIRESTORE, *more)
    await close(target)
    settings.GOOGLE_CLOUD_PROJECT = ""
    with pytest.raises(CommandError, match="GOOGLE_CLOUD_PROJECT"):
        await call(*TO_FIRESTORE)


@pytest.mark.usefixtures("chats")
async def test_a_person_who_cannot_be_read_is_named() -> None:
    """Otherwise the copy, or the file, would lack them."""
    await RecipientRecord.objects.aupdate_or_create(
        user_id="ann", defaults={"settings": {"quiet_hours": "king"}}
    )
    named = "he person after '' or one of the next 199 cannot be read"

    for command in (TO_FIRESTORE, (*TO_FIRESTORE, "--dry-run"), ("move_store", *TO_FIRESTORE[1:])):
        with pytest.raises(CommandError, match=f"In the sql store, t{named}"):
            await call(*command)
    with pytest.raises(CommandError, match=f"T{named}.* The dump is not complete"):
        await call("dump_conversations", "-")


def test_following_ends_at_a_signal(tmp_path: Path, firestore_emulator: str) -> None:
    """It copies once more before it ends."""
    there = _sql_beside_firestore(tmp_path / "chat.sqlite3", firestore_emulator)
    migrate(there)
    process = start(there, *TO_FIRESTORE, "--follow", "--verify")
    assert process.stdout is not None
    lines: list[str] = []
    while "Following." not in (line := process.stdout.readline()):
        assert line, lines
        lines.append(line)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "Each conversation has the same hash in both stores." in output


@pytest.mark.chaos
def test_5_000_messages_are_copied_to_firestore_and_back(
    tmp_path: Path, firestore_emulator: str
) -> None:
    """Killed five times on each way."""
    there = _sql_beside_firestore(tmp_path / "chat.sqlite3", firestore_emulator)
    _load(there, tmp_path, messages=5_000)
    _copy_killed(there, TO_FIRESTORE)
    other = {
        **there,
        "CHAT_STORE": "firestore",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}",
    }
    migrate(other)
    _copy_killed(other, TO_SQL)
    dumps = []
    for number, environment in enumerate((there, {**other, "CHAT_STORE": "sql"})):
        dumps.append(tmp_path / f"{number}.jsonl")
        run(environment, "dump_conversations", str(dumps[-1]))
    same_conversations(*dumps)


def _copy_killed(environment: Mapping[str, str], arguments: tuple[str, ...]) -> None:
    begun, chance, ended = at_start(environment), random.Random(1), 0
    for _ in range(5):
        ended += kill(environment, chance.uniform(2, 8), *arguments)
    copying = time.monotonic()
    output, memory = run(environment, *arguments, "--verify")
    print(
        f"\n{output.strip()}\nthe last copy took {time.monotonic() - copying:.0f} s after 5 kills,"
        f" {ended} of which came too late; memory above the start: {(memory - begun) >> 20} MiB"
    )
    assert "Each conversation has the same hash in both stores." in output
    assert memory - begun < _MOST_MEMORY


def _sql_beside_firestore(path: Path, emulator: str) -> Mapping[str, str]:
    return {**firestore(path, emulator), "CHAT_STORE": "sql"}


def _load(environment: Mapping[str, str], folder: Path, *, messages: int) -> None:
    migrate(environment)
    file = folder / "made.jsonl"
    write_file(file, messages=messages, conversations=2)
    run(environment, "load_conversations", str(file))
