"""The application on each store, with people who chat and operators who look after them."""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from pytest_django.fixtures import Settings

from config.application import Application
from messaging.files.storages.s3 import S3Storage
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.integration.admin import Operator, sign_in
from tests.integration.chat import Api

SignIn = Callable[..., Awaitable[Operator]]


@pytest_asyncio.fixture(params=["sql", "firestore"])
async def instance(
    request: pytest.FixtureRequest,
    settings: Settings,
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Instance]:
    """The instance of this process, new for each test, on an empty store."""
    settings.CHAT_STORE = request.param
    if request.param == "firestore":
        emulator = request.getfixturevalue("firestore_emulator")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator)
        settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
    await sync_to_async(_make_groups)()
    async with new_instance() as instance:
        yield instance


@pytest.fixture
def application(instance: Instance) -> Application:
    """The application on it, which starts it with the first request."""
    return Application(instance)


def _make_groups() -> None:
    """Again: what migrations have put into the tables is gone after the first test."""
    groups, granted = _rows_of_groups()
    Group.objects.bulk_create(groups, ignore_conflicts=True)
    Group.permissions.through.objects.bulk_create(granted, ignore_conflicts=True)


@cache
def _rows_of_groups() -> tuple[list[Any], list[Any]]:
    """The groups that the migrations make, and what is granted to them. The permissions stay in the
    tables, so that the migrations look for them once."""
    migration: Any = importlib.import_module("chat.migrations.0002_groups")
    granting: Any = importlib.import_module("chat.migrations.0007_job_groups")
    with connection.schema_editor() as editor:
        migration.make_groups(apps, editor)
        granting.grant(apps, editor, granting.GRANTED)
    return list(Group.objects.all()), list(Group.permissions.through.objects.all())


@pytest_asyncio.fixture
async def client(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
def api(application: Application, client: httpx.AsyncClient) -> Callable[[str], Api]:
    """The API as a person sees it."""
    people = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=application), base_url="http://testserver/api/v1"
    )
    return lambda user_id: Api(people, user_id)


@pytest_asyncio.fixture
async def end_storage(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[], None]]:
    """Let the storage of files give no more addresses: it is a bucket without credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    without_credentials = S3Storage("files")
    yield lambda: monkeypatch.setattr(instance.attachments, "storage", without_credentials)
    await without_credentials.close()


@pytest.fixture
def ann(api: Callable[[str], Api]) -> Api:
    return api("ann")


@pytest.fixture
def bob(api: Callable[[str], Api]) -> Api:
    return api("bob")


@pytest.fixture
def operator(client: httpx.AsyncClient) -> SignIn:
    """Sign somebody in: `await operator("root")`, or of a group, or with some permissions."""

    async def enter(name: str, **rights: Any) -> Operator:
        user, session = await sign_in(name, **rights)
        return Operator(client, user, session)

    return enter


@pytest_asyncio.fixture
async def root(operator: SignIn) -> Operator:
    """May do everything."""
    return await operator("root")
