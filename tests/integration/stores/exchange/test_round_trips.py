"""What a store holds is the same in every other store, by each line and by hash."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS

from messaging.runtime.instance import Instance
from messaging.services.operators.verification import all_conversation_ids, verify_conversations
from messaging.stores import Stores
from tests.instances import new_instance
from tests.integration.stores.exchange.chats import (
    body,
    chat,
    close,
    dumped,
    loaded,
    problems,
    stores_of,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


async def test_a_store_moves_through_all_stores(
    instance: Instance, empty_postgres: str, firestore_emulator: str
) -> None:
    """SQLite to PostgreSQL, to Firestore, and back to an emptied SQLite."""
    await chat(instance)
    with (
        stores_of("sql") as sqlite,
        stores_of("postgres", postgres=empty_postgres) as postgres,
        stores_of("firestore", emulator=firestore_emulator) as firestore,
    ):
        first = await dumped(sqlite)
        assert problems(first) == []
        source = first
        for target in (postgres, firestore):
            await loaded(source, target)
            assert await _errors(target) == []
            source = await dumped(target)
            assert body(source) == body(first)
        await empty_sqlite()
        assert len(body(await dumped(sqlite))) == 1
        await loaded(source, sqlite)
        assert body(await dumped(sqlite)) == body(first)
        assert await _errors(sqlite) == []
        for stores in (sqlite, postgres, firestore):
            await close(stores)


async def empty_sqlite() -> None:
    flush = sync_to_async(call_command)
    await flush("flush", verbosity=0, interactive=False, database=DEFAULT_DB_ALIAS)


async def _errors(stores: Stores) -> list[object]:
    """What `verify_conversations` finds."""
    store = stores.conversations
    reports = verify_conversations(store=store, conversation_ids=all_conversation_ids(store))
    return [finding async for report in reports for finding in report.findings]
