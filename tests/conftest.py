"""The real parts that tests run against: one of each for the whole run, or for each of its
processes."""

import asyncio
import gc
import logging
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import pytest
import pytest_asyncio
from django.conf import settings
from pytest_django import DjangoDbBlocker

from config.development.firestore_emulator import EmulatorMissing
from messaging.stores.firestore.store import FirestoreStore
from tests.databases import migrated
from tests.integration.stores import eventually
from tests.integration.stores.databases import added_postgres, default_database, empty
from tests.notifications.fcm_server import FcmServer
from tests.notifications.sqs_server import sqs_server
from tests.parsing import parse_one_at_a_time
from tests.servers.firestore import firestore_emulator, shared_firestore_emulator
from tests.servers.postgres import PostgresMissing, postgres_server
from tests.servers.redis import redis_server
from tests.shared import is_shared, shared_folder

if TYPE_CHECKING:
    from playwright.async_api import Browser

T = TypeVar("T")

_LONG_FORMS = ("benchmark", "fuzz", "chaos")
_LONG_SECONDS = 3600


def pytest_configure() -> None:
    """Keep a failing test from ending the run."""
    parse_one_at_a_time()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request would hide the rest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Start what the processes of the run share, before they start."""
    shared = ExitStack()
    config.add_cleanup(shared.close)
    shared.enter_context(shared_folder())
    shared.enter_context(shared_firestore_emulator())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector: it finds nothing in what only grows."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the long forms an hour each, for the limit of the default run is not for them."""
    for item in items:
        if any(item.get_closest_marker(name) for name in _LONG_FORMS):
            item.add_marker(pytest.mark.timeout(_LONG_SECONDS), append=False)
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = [item for part in parts(items, processes, longest_seconds) for item in part]


def parts(items: Sequence[T], count: int, seconds: Callable[[T], float]) -> list[list[T]]:
    """Return what each process of `--dist worksteal` gets at first: equal parts, in a row. Each
    begins with its share of the tests that may take longest, by `seconds`. The others would wait
    for a long one that began last, and a process takes over no test that another runs next."""
    longest = sorted(filter(seconds, items), key=seconds, reverse=True)
    others = [item for item in items if not seconds(item)]
    dealt: list[list[T]] = []
    for number in range(count):
        first = longest[number::count]
        waiting = len(items) - sum(map(len, dealt))
        more = max(0, waiting // (count - number) - len(first))
        dealt.append([*first, *others[:more]])
        del others[:more]
    return dealt


def longest_seconds(item: pytest.Item) -> float:
    """Return the limit that a test names for itself; 0 if the limit of the run is enough."""
    marker = item.get_closest_marker("timeout")
    return 0 if marker is None else marker.args[0]


def pytest_collection_finish() -> None:
    """Set aside what was imported and collected: a full collection would walk through it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", name="firestore_emulator")
def _firestore_emulator() -> Iterator[str]:
    """host:port of the Firestore emulator."""
    try:
        with firestore_emulator() as host:
            # In a thread: an event loop may be running here already.
            with ThreadPoolExecutor(1) as thread:
                thread.submit(lambda: asyncio.run(_first_answers(host))).result()
            yield host
    except EmulatorMissing as missing:
        skip_or_fail(str(missing))


async def _first_answers(host: str) -> None:
    """Wait until the emulator has read and written: the first of each may take it seconds."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", host)
        store = FirestoreStore(project="first-answers")
        await eventually(store.now, seconds=60)
        await eventually(lambda: store.list_conversations("ann", limit=1), seconds=60)
        await store.close()


@pytest.fixture(scope="session", name="redis_server")
def _redis_server() -> Iterator[str]:
    """URL of a Redis of this test run alone."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session", name="postgres_server")
def _postgres_server() -> Iterator[str]:
    """URL of an empty database on a PostgreSQL of this test run alone."""
    try:
        with postgres_server(durable=False) as url:  # no test cuts the power
            yield url
    except PostgresMissing as missing:
        skip_or_fail(str(missing))


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Of the processes that run side by side, one migrates, and each keeps a copy of that."""
    return is_shared()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_keepdb: bool
) -> None:
    """Put the copy where Django looks for the database of the tests."""
    if django_db_keepdb:
        Path(settings.DATABASES["default"]["TEST"]["NAME"]).write_bytes(migrated())


@pytest.fixture(scope="session")
def postgres_alias(
    postgres_server: str, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """A database of Django's with all tables, on PostgreSQL.

    It comes after `django_db_setup`, which would make a second one of it for tests.
    """
    with added_postgres("postgres", postgres_server, django_db_blocker) as alias:
        yield alias


@pytest.fixture
def empty_postgres(
    postgres_alias: str, postgres_server: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """The same, with nothing in it."""
    with django_db_blocker.unblock():
        yield postgres_alias
    empty(postgres_server)


@pytest.fixture(params=["sqlite", "postgresql"])
def each_database(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[str]:
    """The default database of Django, on either kind; yields its kind."""
    if request.param == "sqlite":
        yield request.param
        return
    request.getfixturevalue("empty_postgres")
    with default_database(request.getfixturevalue("postgres_server")):
        yield request.param


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="chromium")
async def _chromium() -> AsyncIterator["Browser"]:
    """The browser of this test run. Tests that use it run on the loop of the session."""
    from tests.servers import chromium  # noqa: PLC0415  (few runs need Playwright)

    try:
        async with chromium.running_chromium(chromium.HEADLESS, chromium.COMPLETE) as browser:
            yield browser
    except chromium.ChromiumMissing as missing:
        skip_or_fail(str(missing))


@pytest.fixture
def project() -> str:
    """The project of the test's Firestore: the emulator keeps projects apart."""
    return f"test-{uuid4().hex}"


@pytest.fixture
async def firestore_store(
    firestore_emulator: str, project: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FirestoreStore]:
    """A store on an empty Firestore."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    store = FirestoreStore(project=project)
    yield store
    await store.close()


def skip_or_fail(reason: str) -> None:
    """A part that is missing on a developer's machine is a gap; in CI it is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(f"NOT TESTED: {reason}")


@pytest.fixture(scope="session", name="sqs_url")
def _sqs_url() -> Iterator[str]:
    """Where an Amazon SQS of this test run alone is."""
    with sqs_server() as url:
        yield url


@pytest.fixture
def fcm() -> Iterator[FcmServer]:
    """A Firebase Cloud Messaging that nobody has pushed through yet."""
    with FcmServer().run() as server:
        yield server
