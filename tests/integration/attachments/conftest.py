"""A store of each kind, and a folder of files."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from messaging.files.storages.local import LocalStorage
from messaging.stores.conversations import Store
from messaging.stores.sql.store import SqlStore


@pytest.fixture
async def sql_store(transactional_db: None) -> AsyncIterator[SqlStore]:
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
    chosen: Store = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[LocalStorage]:
    storage = LocalStorage(tmp_path / "files", secret="of the test")
    yield storage
    await storage.close()
