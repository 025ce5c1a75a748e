"""Reads that cost by what one person has: slow ones hold up nobody else."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.exceptions import StoreUnavailable
from messaging.instruments.metrics import STORE_BREAKER_OPEN
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import eventually, new_conversation
from tests.integration.stores.firestore_relay import Relay

_FOR_EVER = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)"
    " SELECT count(*) FROM n"
)


def slow(database: BaseDatabaseWrapper) -> None:
    with database.cursor() as cursor:
        cursor.execute(_FOR_EVER)


async def test_slow_reads_of_ones_own_leave_room_and_the_breaker_closed(
    database_store: SqlStore,
) -> None:
    """Many time out at once, and everybody else's reads go on meanwhile and afterwards."""
    conversation = await database_store.create_conversation(new_conversation("ann"))
    database_store.calls.timeout = 1.0
    await database_store.close()

    async def time_out() -> None:
        with pytest.raises(StoreUnavailable):
            await database_store.calls.read("list_memberships", slow)

    async with asyncio.TaskGroup() as reads:
        victims = [reads.create_task(time_out()) for _ in range(12)]
        while not all(victim.done() for victim in victims):
            assert await database_store.get_conversation(conversation.id) == conversation
            await asyncio.sleep(0.01)

    assert breaker_open() == 0
    assert len(await database_store.list_memberships("ann", limit=5)) == 1


async def test_other_slow_reads_open_the_breaker(database_store: SqlStore) -> None:
    """They tell that the store does not answer."""
    database_store.calls.timeout = 0.5
    for _ in range(5):
        with suppress(StoreUnavailable):
            await database_store.calls.read("get_conversation", slow)

    assert breaker_open() == 1
    STORE_BREAKER_OPEN.set(0)


async def test_slow_reads_of_ones_own_on_firestore(relay: Relay) -> None:
    store = FirestoreStore(project=f"test-{uuid4().hex}", timeout=1.0)
    await eventually(store.now, seconds=60)
    relay.spoil("RunQuery", None)

    for _ in range(4):
        with pytest.raises(StoreUnavailable):
            await store.list_memberships("ann", limit=5)
    relay.mend()

    assert breaker_open() == 0
    assert await eventually(lambda: store.list_memberships("ann", limit=5)) == []
    await store.close()


def breaker_open() -> float:
    (metric,) = STORE_BREAKER_OPEN.collect()
    return float(metric.samples[0].value)
