"""Both kinds of stores."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.stores import make_stores
from messaging.stores.database.moves import MoveStore
from tests.integration.stores.moving.moves import Both


@pytest_asyncio.fixture
async def both(
    transactional_db: None,
    firestore_emulator: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Both]:
    """The SQL store, which is in use, beside an empty Firestore."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
    sql = make_stores("sql")
    firestore = make_stores("firestore", beside=sql)
    yield Both(sql=sql, firestore=firestore, moves=MoveStore(sql.database), said=[])
    await firestore.conversations.close()
    await sql.close()
