"""The real SQL store, for what cannot be tried without one."""

from collections.abc import AsyncIterator

import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.stores.sql.store import SqlStore


@pytest_asyncio.fixture
async def sql_store(transactional_db: None) -> AsyncIterator[SqlStore]:
    """On the test database, which is a file: the store's threads have connections of their own."""
    database = connections.settings[DEFAULT_DB_ALIAS]
    assert database["NAME"] == database["TEST"]["NAME"]
    store = SqlStore(timeout=10)
    yield store
    await store.close()
