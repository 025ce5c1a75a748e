"""A hub whose events are committed elsewhere."""

import pytest

from messaging.concurrency import retries
from messaging.delivery.hub import gap_filler as filling_module
from messaging.delivery.hub.hub import Hub
from messaging.stores.sql.store import SqlStore
from tests.unit.messaging.delivery import Elsewhere, make_hub


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is read at once."""
    monkeypatch.setattr(filling_module, "_PATIENCE_SECONDS", 0.001)
    monkeypatch.setattr(retries, "RETRY_SECONDS", 0.01)


@pytest.fixture
def elsewhere(sql_store: SqlStore) -> Elsewhere:
    return Elsewhere(sql_store)


@pytest.fixture
async def hub(sql_store: SqlStore) -> Hub:
    return make_hub(sql_store)
