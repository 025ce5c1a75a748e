"""Two instances on a store."""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from uuid import uuid4

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.changes.messages import reacting
from tests.fuzz.agreement.sites import Site, two_sites
from tests.integration.stores.databases import default_database


@pytest.fixture
def store_settings(
    request: pytest.FixtureRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    transactional_db: None,
) -> Iterator[None]:
    """The settings of the store that the test is parametrized with; SQLite without a parameter."""
    store = getattr(request, "param", "sqlite")
    settings.CHAT_STORE = "firestore" if store == "firestore" else "sql"
    if store == "postgresql":
        request.getfixturevalue("postgres_alias")  # it has made the tables
        with default_database(request.getfixturevalue("postgres_server")):
            yield
        return
    if store == "firestore":
        host = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        settings.GOOGLE_CLOUD_PROJECT = f"agreement-{uuid4().hex}"
    yield


@pytest_asyncio.fixture
async def sites(
    store_settings: None, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Sequence[Site]]:
    # The summary of a reaction names one person, so it leaves out some of four.
    monkeypatch.setattr(reacting, "LISTED", 1)
    logging.disable(logging.INFO)  # thousands of lines, each kept for a report
    async with two_sites(redis_server) as sites:
        yield sites
    logging.disable(logging.NOTSET)
