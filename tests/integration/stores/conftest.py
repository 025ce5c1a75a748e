"""The stores under test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.stores.catalogue import Catalogue
from messaging.stores.conversations import Store
from messaging.stores.decisions import DecisionStore
from messaging.stores.epochs import EpochStore
from messaging.stores.firestore.catalogue import FirestoreCatalogue
from messaging.stores.firestore.decisions import FirestoreDecisionStore
from messaging.stores.firestore.epochs import FirestoreEpochStore
from messaging.stores.firestore.people import FirestorePeopleStore
from messaging.stores.firestore.recipients import FirestoreRecipientStore
from messaging.stores.firestore.reports import FirestoreReportStore
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.people import PeopleStore
from messaging.stores.recipients import RecipientStore
from messaging.stores.reports import ReportStore
from messaging.stores.sql.catalogue import SqlCatalogue
from messaging.stores.sql.decisions import SqlDecisionStore
from messaging.stores.sql.epochs import SqlEpochStore
from messaging.stores.sql.people import SqlPeopleStore
from messaging.stores.sql.recipients import SqlRecipientStore
from messaging.stores.sql.reports import SqlReportStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores.firestore_relay import Relay


@pytest_asyncio.fixture
async def sql_store(transactional_db: None) -> AsyncIterator[SqlStore]:
    """On the test database, which is a file: the store's threads have connections of their own.

    A test must name this fixture or have the mark `django_db`: pytest-django makes no test
    database for what is asked for by `getfixturevalue` alone, and would use the real one.
    """
    database = connections.settings[DEFAULT_DB_ALIAS]
    assert database["NAME"] == database["TEST"]["NAME"]
    store = SqlStore(timeout=10)
    yield store
    await store.close()


@pytest_asyncio.fixture
async def postgres_store(empty_postgres: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(using=empty_postgres, timeout=10)
    yield store
    await store.close()


_SQL_STORES = [
    pytest.param("sql_store", marks=pytest.mark.django_db(transaction=True)),
    "postgres_store",
]


@pytest.fixture(params=_SQL_STORES)
def database_store(request: pytest.FixtureRequest) -> SqlStore:
    """The SQL store on either database."""
    chosen: SqlStore = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(params=[*_SQL_STORES, "firestore_store"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each store; the tests that use it hold what all of them promise."""
    chosen: Store = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
async def relay(firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    """Between the emulator and every Firestore store that the test makes."""
    relay = Relay(firestore_emulator)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", await relay.start())
    yield relay
    await relay.stop()


@pytest.fixture
def call_timeout(request: pytest.FixtureRequest) -> float:
    """Seconds that each call to Firestore may take: few only where an answer never comes (status
    None, or marked `unanswered`), since a machine that is busy with other tests is no fault."""
    callspec = getattr(request.node, "callspec", None)
    statuses = {} if callspec is None else callspec.params
    never = statuses.get("status", "any") is None or request.node.get_closest_marker("unanswered")
    return 1.5 if never else 5


@pytest.fixture
async def relayed_store(relay: Relay, project: str) -> AsyncIterator[FirestoreStore]:
    """A store on an empty Firestore, behind the relay."""
    store = FirestoreStore(project=project)
    yield store
    await store.close()


@pytest.fixture
def people(store: SqlStore | FirestoreStore) -> PeopleStore:
    """The people beside each store."""
    if isinstance(store, FirestoreStore):
        return FirestorePeopleStore(store)
    return SqlPeopleStore(store)


@pytest.fixture
def recipients(store: SqlStore | FirestoreStore) -> RecipientStore:
    """The recipients beside each store."""
    if isinstance(store, FirestoreStore):
        return FirestoreRecipientStore(store)
    return SqlRecipientStore(store)


@pytest.fixture
def decisions(store: SqlStore | FirestoreStore) -> DecisionStore:
    """The decisions beside each store."""
    if isinstance(store, FirestoreStore):
        return FirestoreDecisionStore(store)
    return SqlDecisionStore(store)


@pytest.fixture
def catalogue(store: SqlStore | FirestoreStore) -> Catalogue:
    """The catalogue beside each store."""
    if isinstance(store, FirestoreStore):
        return FirestoreCatalogue(store)
    return SqlCatalogue(store)


@pytest.fixture
def reports(store: SqlStore | FirestoreStore) -> ReportStore:
    """The reports beside each store."""
    if isinstance(store, FirestoreStore):
        return FirestoreReportStore(store)
    return SqlReportStore(store)


@pytest.fixture
def epochs(store: SqlStore | FirestoreStore) -> EpochStore:
    """The epoch beside each store."""
    if isinstance(store, FirestoreStore):
        return FirestoreEpochStore(store)
    return SqlEpochStore(store)
