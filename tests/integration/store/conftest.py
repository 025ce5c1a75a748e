"""The stores under test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.store.base import Store
from messaging.store.sql import SqlStore


@pytest_asyncio.fixture
async def sql_store(transactional_db: None) -> AsyncIterator[SqlStore]:
    """On the test database, which is a file: the store's threads have connections of their own.

    A test must name this fixture or have the mark `django_db`: pytest-django makes no test
    database for what is asked for by `getfixturevalue` alone, and would use the real one.
    """
    database = connections.settings[DEFAULT_DB_ALIAS]
    assert database["NAME"] == database["TEST"]["NAME"]
    store = SqlStore(timeout=10)
    yield store
    await store.close()


@pytest.fixture(
    params=[
        pytest.param("sql_store", marks=pytest.mark.django_db(transaction=True)),
        "firestore_store",
    ]
)
def store(request: pytest.FixtureRequest) -> Store:
    """Either store; the tests that use it hold what both promise."""
    chosen: Store = request.getfixturevalue(request.param)
    return chosen
