"""Instances with a search index, on either store."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from messaging.runtime.instance import Instance
from tests.instances import new_instance


@pytest_asyncio.fixture(params=["sql", "firestore"])
async def searching(
    request: pytest.FixtureRequest,
    transactional_db: None,
    settings: Settings,
    project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Instance]:
    """An instance that is not started: a test says when the index follows."""
    settings.CHAT_SEARCH = "database"
    settings.CHAT_STORE = request.param
    if request.param == "firestore":
        settings.GOOGLE_CLOUD_PROJECT = project
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_emulator"))
    async with new_instance() as instance:
        yield instance
