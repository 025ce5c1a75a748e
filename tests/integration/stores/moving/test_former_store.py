"""After a confirmed move, nothing uses the former store by itself: a process and a command whose
`CHAT_STORE` still names it refuse, and say why."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from django.core.management import CommandError
from pytest_django import Settings

from config.application import Application
from messaging.doctor.findings import Finding, Level
from messaging.doctor.moves import examine_move
from messaging.domain.exceptions import StoreUnavailable
from messaging.models import AuditEntryRecord
from messaging.services import messages
from messaging.stores import make_stores
from messaging.stores.database.moves import MoveStore
from tests.instances import new_instance
from tests.integration.stores.copy_commands import call
from tests.integration.stores.copying.copies import the_group
from tests.integration.stores.exchange.chats import chat

pytestmark = pytest.mark.django_db(transaction=True)
_LONG = 3600.0


@pytest_asyncio.fixture(autouse=True)
async def _switched(transactional_db: None) -> None:
    """The SQL store with people in it, which was moved to Firestore."""
    async with new_instance() as instance:
        await chat(instance, messages_each=2)
        moves = MoveStore(instance.database)
        await moves.acquire("test", seconds=_LONG)
        assert await moves.begin("test", source="sql", target="firestore")
        assert await moves.passed("test", await moves.now())
        assert await moves.freeze("test", seconds=_LONG)
        assert await moves.switch("test")
        await moves.release("test")


async def _confirm() -> None:
    stores = make_stores()
    moves = MoveStore(stores.database)
    await moves.acquire("test", seconds=_LONG)
    assert await moves.confirm("test")
    await moves.release("test")
    await stores.close()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


async def _ready(application: Application) -> httpx.Response:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.get("/health/ready")


async def test_an_instance_refuses_everything_until_the_move_is_forgotten() -> None:
    await _confirm()
    async with new_instance() as instance:
        await instance.start()
        with pytest.raises(StoreUnavailable):
            await the_group(instance)
        ready = await _ready(Application(instance))
        assert ready.status_code == 503
        assert ready.json()["reasons"]["store"] == ["chat_store_not_set"]

        words = await call("move_store", "--forget")

        assert "the store that its CHAT_STORE names" in words
        await _until(lambda: not instance.store_watch.former)
        tea = await the_group(instance)
        await messages.send_message(instance, user_id="ann", conversation_id=tea, text="here")
        assert instance.store_watch.kind == "sql"
    action = await AuditEntryRecord.objects.filter(actor="move_store").alatest("pk")
    assert action.action == "store.move_forgotten"


async def test_a_command_refuses_until_the_move_is_forgotten(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="The move is not confirmed"):
        await call("move_store", "--forget")
    await _confirm()
    settings.GOOGLE_CLOUD_PROJECT = "test"
    refused = (
        ("dump_conversations", "-"),
        ("new_epoch",),
        ("export_user", "ann", "--output", str(tmp_path / "ann.jsonl")),
        ("erase_user", "ann", "--yes"),
        ("apply_retention", "--dry-run"),
        ("copy_store", "--from", "sql", "--to", "firestore"),
        ("move_store", "--from", "sql", "--to", "firestore"),
    )
    for command in refused:
        with pytest.raises(CommandError, match=r"CHAT_STORE is sql, but .* moved to firestore\."):
            await call(*command)
    assert "The store in use is firestore." in await call("move_store", "--status")

    await call("move_store", "--forget")

    await call("dump_conversations", "-")
    assert "The store in use is sql." in await call("move_store", "--status")
    with pytest.raises(CommandError, match="There is no move to forget"):
        await call("move_store", "--forget")


async def test_the_doctor_and_the_health_check_say_what_is_left_to_do(settings: Settings) -> None:
    async def found() -> Finding:
        (one,) = await examine_move()
        return one

    not_set = await found()
    settings.CHAT_STORE = "firestore"
    not_confirmed = await found()
    await _confirm()
    done = await found()
    settings.CHAT_STORE = "sql"
    former = await found()

    assert (not_set.level, not_confirmed.level) == (Level.WARNING, Level.WARNING)
    assert "CHAT_STORE is still sql" in not_set.text
    assert "--confirm" in not_confirmed.remedy
    assert (done.level, done.text) == (Level.OK, "The store in use is firestore.")
    assert former.level is Level.PROBLEM
    assert "Set CHAT_STORE=firestore" in former.remedy
