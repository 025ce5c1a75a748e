"""The stage on either store. Checkpoints are in either database on both."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS

from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.store import SqlStore
from tests.integration.followers.stage import Stage


@pytest_asyncio.fixture
async def sql_stage(each_database: str) -> AsyncIterator[Stage]:
    store = SqlStore(timeout=10)
    writes_with = store.calls if store.calls.one_writer else None
    calls = Calls(using=DEFAULT_DB_ALIAS, timeout=10, writes_with=writes_with)
    yield Stage(store, calls)
    await calls.close()
    await store.close()


@pytest_asyncio.fixture
async def firestore_stage(
    each_database: str, firestore_store: FirestoreStore
) -> AsyncIterator[Stage]:
    calls = Calls(using=DEFAULT_DB_ALIAS, timeout=10)
    yield Stage(firestore_store, calls)
    await calls.close()


@pytest.fixture(params=["sql_stage", "firestore_stage"])
def stage(request: pytest.FixtureRequest, each_database: str) -> Stage:
    chosen: Stage = request.getfixturevalue(request.param)
    return chosen
