"""An instance that delivers webhooks to a receiver of the test, and people who chat on it."""

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
from tests.integration.outbound.hooks import Hook
from tests.integration.webhooks import Endpoint


@pytest.fixture
def store() -> str:
    """Overridden where Firestore is meant."""
    return "sql"


@pytest_asyncio.fixture
async def instance(
    request: pytest.FixtureRequest,
    settings: Settings,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    store: str,
) -> AsyncIterator[Instance]:
    settings.CHAT_OUTBOUND_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.CHAT_STORE = store
    if store == "firestore":
        emulator = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator)
        settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
    async with new_instance() as instance:
        await instance.start()
        yield instance


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Hook]:
    async with Hook().run() as hook:
        yield hook


@pytest.fixture
def endpoint(hook: Hook, instance: Instance) -> Endpoint:
    """Off until a test switches it on."""
    endpoint = Endpoint(hook, instance)
    hook.handle = endpoint.handle
    return endpoint


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


@pytest.fixture
def bob(api: Callable[[str], Api]) -> Api:
    return api("bob")
