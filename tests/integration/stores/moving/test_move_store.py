"""The command `move_store`: what it refuses and reports, and what it leaves alone."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.management import CommandError
from django.utils import timezone
from pytest_django import Settings

from messaging.models import AuditEntryRecord, StoreMoveRecord, StoreProcessRecord
from messaging.redis.client import make_redis
from messaging.runtime import figures
from messaging.runtime.figures import LiveFigures, Status
from messaging.stores import make_stores
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.move import Report
from tests.integration.stores.copy_commands import call, chats_beside_firestore
from tests.integration.stores.exchange.chats import body, dumped

pytestmark = pytest.mark.django_db(transaction=True)
TO_FIRESTORE = ("--from", "sql", "--to", "firestore")
TO_SQL = ("--from", "firestore", "--to", "sql")


@pytest_asyncio.fixture(autouse=True)
async def _chats(
    transactional_db: None,
    firestore_emulator: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The SQL store with people in it, beside an empty Firestore."""
    await chats_beside_firestore(firestore_emulator, settings, monkeypatch)


async def _move(*arguments: str) -> str:
    return await call("move_store", *arguments)


async def _state() -> tuple[str, str]:
    move = await sync_to_async(StoreMoveRecord.objects.get)()
    return move.phase, move.in_force


async def test_a_move_its_confirmation_and_the_way_back(settings: Settings, tmp_path: Path) -> None:
    """Every command uses the store in force. `CHAT_STORE` decides after the confirmation."""
    words = await _move(*TO_FIRESTORE)
    assert "Everything is copied." in words
    assert "Switched after a freeze of" in words
    assert "Set CHAT_STORE=firestore everywhere" in words
    assert await _state() == ("idle", "firestore")
    source, target = make_stores("sql"), make_stores("firestore")
    assert body(await dumped(target)) == body(await dumped(source))
    await target.close()
    await source.close()

    file = tmp_path / "dump.jsonl"
    await call("dump_conversations", str(file))
    assert '"source":"firestore"' in file.read_text().splitlines()[0].replace(" ", "")
    with pytest.raises(CommandError, match="firestore, can be moved"):
        await _move(*TO_FIRESTORE)
    with pytest.raises(CommandError, match="CHAT_STORE is not firestore for: this command"):
        await _move("--confirm")
    status = await _move("--status")
    assert "The store in use is firestore." in status
    assert "The move is not confirmed" in status

    words = await _move("--undo")
    assert "All processes use sql, as CHAT_STORE says." in words
    assert await _state() == ("idle", "")
    with pytest.raises(CommandError, match="There is no move to undo"):
        await _move("--undo")

    await _move(*TO_FIRESTORE)
    settings.CHAT_STORE = "firestore"
    assert "CHAT_STORE decides again." in await _move("--confirm")
    assert await _state() == ("idle", "")
    with pytest.raises(CommandError, match="There is no move to confirm"):
        await _move("--confirm")
    entries = AuditEntryRecord.objects.filter(actor="move_store").order_by("pk")
    actions = [one async for one in entries.values_list("action", flat=True)]
    there = ["store.move_begun", "store.moved"]
    assert actions == [*there * 3, "store.move_confirmed"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--from", "sql"), "Give --from and --to"),
        ((), "Give --from and --to"),
        ((*TO_FIRESTORE, "--undo"), "Give --from and --to"),
        (("--from", "sql", "--to", "sql"), "two kinds"),
        (TO_SQL, "Only the store in use, sql, can be moved"),
        (("--abort",), "Nothing is being moved"),
        (("--undo",), "There is no move to undo"),
        (("--confirm",), "There is no move to confirm"),
    ],
)
async def test_what_is_refused_says_why(arguments: tuple[str, ...], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        await _move(*arguments)


async def test_a_process_that_is_silent_is_waited_for_unless_it_is_gone() -> None:
    """It might still write into the former store."""
    stores = make_stores()
    moves = MoveStore(stores.database)
    report = Report(boot_id="a", name="pod-7", role="instance", setting="sql", kind="sql")
    await moves.report(report)
    silent = timezone.now() - timedelta(minutes=5)
    await sync_to_async(StoreProcessRecord.objects.update)(seen_at=silent)
    with pytest.raises(CommandError, match=r"pod-7 \(instance, last seen 300 s ago\).*--gone"):
        await _move(*TO_FIRESTORE)
    assert await _state() == ("idle", "")
    assert "Switched" in await _move(*TO_FIRESTORE, "--gone")
    await stores.close()


async def test_a_process_may_become_silent_while_it_is_waited_for() -> None:
    """As one that was killed less than a minute before the command began."""
    stores = make_stores()
    report = Report(boot_id="a", name="pod-7", role="instance", setting="sql", kind="sql")
    await MoveStore(stores.database).report(report)
    earlier = timezone.now() - timedelta(seconds=57)
    await sync_to_async(StoreProcessRecord.objects.update)(seen_at=earlier)
    assert "Switched" in await _move(*TO_FIRESTORE, "--gone")
    await stores.close()


async def test_a_process_that_does_not_hear_of_the_move_is_found_in_redis(
    settings: Settings, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of an earlier release, for example."""
    monkeypatch.setattr(figures, "REGISTRY", f"chat:figures:{uuid4().hex}")
    settings.REDIS = {"address": redis_server}
    redis = make_redis(settings.REDIS)
    assert redis is not None
    status = Status(instance_id="old", boot_id="1", uptime=1.0, link="up", draining=False)
    earlier = LiveFigures(redis, lambda: status)
    earlier.start(role="instance")
    async with asyncio.timeout(30):
        while not await redis.zcard(figures.REGISTRY):
            await asyncio.sleep(0.05)
    with pytest.raises(CommandError, match=r"do not hear of a move: old \(instance, release "):
        await _move(*TO_FIRESTORE)
    await earlier.stop()
    await redis.aclose()
    assert await _state() == ("idle", "")


async def test_others_are_refused_during_a_move_and_a_move_during_a_copy(tmp_path: Path) -> None:
    stores = make_stores()
    moves = MoveStore(stores.database)
    file = tmp_path / "dump.jsonl"
    await call("dump_conversations", str(file))
    await moves.acquire("copy_store 1", seconds=3600)
    for name in ("move_store", "copy_store"):
        with pytest.raises(CommandError, match="moves the store: copy_store 1"):
            await call(name, *TO_FIRESTORE)
    await moves.begin("copy_store 1", source="sql", target="firestore")
    await moves.release("copy_store 1")
    refused: Sequence[Sequence[str]] = (
        ("copy_store", *TO_FIRESTORE),
        ("load_conversations", str(file)),
        ("new_epoch",),
        ("verify_conversations", "--all", "--repair"),
    )
    for command in refused:
        with pytest.raises(CommandError, match="is being moved to firestore"):
            await call(*command)
    await call("verify_conversations", "--all")
    with pytest.raises(CommandError, match="moved from sql to firestore"):
        await _move(*TO_SQL)
    assert await sync_to_async(StoreProcessRecord.objects.count)() == 0
    assert "All processes go on with sql" in await _move("--abort")
    assert await _state() == ("idle", "")
    await stores.close()
