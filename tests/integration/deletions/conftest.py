"""An instance on each store."""

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from config.application import Application
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.chat import Api


@pytest_asyncio.fixture(params=["sql", "firestore"])
async def instance(
    request: pytest.FixtureRequest,
    settings: Settings,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Instance]:
    settings.CHAT_STORE = request.param
    if request.param == "firestore":
        emulator = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator)
        settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
    async with new_instance() as instance:
        yield instance


@pytest_asyncio.fixture
async def api(instance: Instance) -> AsyncIterator[Callable[[str], Api]]:
    transport = httpx.ASGITransport(app=Application(instance))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver/api/v1"
    ) as client:
        yield lambda user_id: Api(client, user_id)


@pytest.fixture
def ann(api: Callable[[str], Api]) -> Api:
    return api("ann")
