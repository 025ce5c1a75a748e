"""The stage on either store. Checkpoints are in the test database on both."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS

from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.connections.calls import Calls
from messaging.stores.sql.store import SqlStore
from tests.integration.followers.stage import Stage


@pytest_asyncio.fixture
async def sql_stage(transactional_db: None) -> AsyncIterator[Stage]:
    store = SqlStore(timeout=10)
    calls = Calls(using=DEFAULT_DB_ALIAS, timeout=10, writes_with=store.calls)
    yield Stage(store, calls)
    await calls.close()
    await store.close()


@pytest_asyncio.fixture
async def firestore_stage(
    transactional_db: None, firestore_store: FirestoreStore
) -> AsyncIterator[Stage]:
    calls = Calls(using=DEFAULT_DB_ALIAS, timeout=10)
    yield Stage(firestore_store, calls)
    await calls.close()


@pytest.fixture(params=["sql_stage", "firestore_stage"])
def stage(request: pytest.FixtureRequest, transactional_db: None) -> Stage:
    chosen: Stage = request.getfixturevalue(request.param)
    return chosen
