"""The application with everything that keeps data of people, on each store."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from pytest_django.fixtures import Settings

from config.application import Application
from messaging.models import AuditEntryRecord, AuditSubjectRecord, EpochRecord, FollowerRecord
from messaging.personal_data.erasure import Erasure
from messaging.personal_data.runner import Jobs
from messaging.runtime.instance import Instance
from tests.instances import new_instance, use_redis
from tests.integration.chat import Api
from tests.integration.stores.databases import default_database

STORES = ("sqlite", "postgresql", "firestore")
everywhere = pytest.mark.parametrize("store_settings", STORES, indirect=True)
everywhere_at_length = pytest.mark.parametrize(
    "store_settings",
    [
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.fuzz),
        pytest.param("firestore", marks=pytest.mark.fuzz),
    ],
    indirect=True,
)
"""On SQLite in each run, and on the other stores in the long form."""


@pytest.fixture
def store_settings(
    request: pytest.FixtureRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    transactional_db: None,
    redis_server: str,
    tmp_path: Path,
) -> Iterator[None]:
    """The settings of the store that the test is parametrized with; SQLite without a parameter."""
    store = getattr(request, "param", "sqlite")
    settings.CHAT_STORE = "firestore" if store == "firestore" else "sql"
    settings.CHAT_SEARCH = "database"
    settings.CHAT_FILES_DIR = str(tmp_path / "files")
    use_redis(settings, redis_server)
    if store == "postgresql":
        request.getfixturevalue("postgres_alias")  # it has made the tables
        with default_database(request.getfixturevalue("postgres_server")):
            _delete_rows()
            yield
            _delete_rows()
        return
    if store == "firestore":
        host = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
        settings.GOOGLE_CLOUD_PROJECT = f"erasure-{uuid4().hex}"
        settings.REDIS = None  # beside it, a SQLite file would be no search index for all
    yield


@pytest_asyncio.fixture
async def instance(store_settings: None) -> AsyncIterator[Instance]:
    """An instance that serves, and whose jobs a test runs by itself."""
    await sync_to_async(_open_anew)()
    async with new_instance() as instance:
        await instance.start()
        await instance.jobs.stop()
        yield instance
    await sync_to_async(_open_anew)()


def _open_anew() -> None:
    """The thread of the ORM may still have a connection to the database of the previous test."""
    connections[DEFAULT_DB_ALIAS].close()
    del connections[DEFAULT_DB_ALIAS]


def _delete_rows() -> None:
    """Delete what other tests have left, and what this one leaves: PostgreSQL keeps it. The audit
    trail refuses that, and the instance needs the followers and the epoch."""
    kept = {AuditEntryRecord, AuditSubjectRecord, EpochRecord, FollowerRecord}
    for model in apps.get_app_config("messaging").get_models():
        if model._meta.managed and model not in kept:
            model._default_manager.all().delete()


@pytest.fixture
def jobs(instance: Instance) -> Jobs:
    """The jobs of the instance, without the wait for requests that are under way."""
    parts = instance.jobs.parts
    return Jobs(parts, owner="test", erasure=Erasure(parts, settle_seconds=0))


@pytest_asyncio.fixture
async def api(instance: Instance) -> AsyncIterator[Callable[[str], Api]]:
    transport = httpx.ASGITransport(app=Application(instance))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver/api/v1"
    ) as client:
        yield lambda user_id: Api(client, user_id)
