"""Instances with a search index in either database, on either store."""

import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS, connections
from pytest_django.fixtures import Settings

from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.servers.environment import isolated_environment


@pytest.fixture(params=["sql", "firestore"])
def stored(
    request: pytest.FixtureRequest,
    each_database: str,
    settings: Settings,
    project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The settings of a store, and of the database of the index."""
    settings.CHAT_SEARCH = "database"
    settings.CHAT_STORE = request.param
    if request.param == "firestore":
        settings.GOOGLE_CLOUD_PROJECT = project
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_emulator"))
    store: str = request.param
    return store


@pytest_asyncio.fixture
async def searching(stored: str) -> AsyncIterator[Instance]:
    """An instance that is not started: a test says when the index follows."""
    async with new_instance() as instance:
        yield instance


@pytest.fixture
def environment(
    stored: str,
    each_database: str,
    settings: Settings,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Mapping[str, str]:
    """That of a process on the same store and database."""
    url = f"sqlite:///{connections.settings[DEFAULT_DB_ALIAS]['NAME']}"
    if each_database == "postgresql":
        url = request.getfixturevalue("postgres_server")
    own = {"DATABASE_URL": url, "CHAT_STORE": stored, "CHAT_SEARCH": "database"}
    if stored == "firestore":
        own["GOOGLE_CLOUD_PROJECT"] = settings.GOOGLE_CLOUD_PROJECT
        own["FIRESTORE_EMULATOR_HOST"] = os.environ["FIRESTORE_EMULATOR_HOST"]
    return isolated_environment(tmp_path, **own)
