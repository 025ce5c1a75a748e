"""The doctor on Firestore: each refusal is explained."""

from uuid import uuid4

import pytest
from grpc import StatusCode
from pytest_django import Settings

from config.development.ports import free_port
from messaging.doctor.findings import Level
from messaging.doctor.store import examine_store
from messaging.domain.integrations.service_accounts import Scope
from messaging.services.operators.service_accounts import create_account
from messaging.stores import make_stores
from messaging.stores.database.service_accounts import ServiceAccountStore
from tests.integration.doctor.findings import not_well, only
from tests.integration.stores import new_conversation
from tests.integration.stores.firestore.test_firestore import (
    declared_composites,
    index_for,
    indexes_everywhere,
    is_everywhere,
)
from tests.integration.stores.firestore_relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)
"""The doctor also reads the move of the store, in `DATABASE_URL`."""


@pytest.fixture
def firestore(relay: Relay, settings: Settings) -> Relay:
    """Firestore behind a relay that can refuse."""
    settings.CHAT_STORE = "firestore"
    settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
    return relay


async def test_a_good_firestore(firestore: Relay) -> None:
    assert not_well(await examine_store()) == []


@pytest.mark.parametrize(
    ("method", "status", "named"),
    [
        ("BatchGetDocuments", StatusCode.NOT_FOUND, ["GOOGLE_CLOUD_PROJECT", "no Firestore"]),
        ("BatchGetDocuments", StatusCode.PERMISSION_DENIED, ["roles/datastore.user"]),
        ("BatchGetDocuments", StatusCode.UNAUTHENTICATED, ["does not accept the credentials"]),
        ("Commit", StatusCode.PERMISSION_DENIED, ["writing", "roles/datastore.user"]),
        ("Commit", StatusCode.RESOURCE_EXHAUSTED, ["quota"]),
    ],
)
async def test_firestore_refuses(
    firestore: Relay, method: str, status: StatusCode, named: list[str]
) -> None:
    firestore.spoil(method, status)
    only(await examine_store(), Level.PROBLEM, *named)


async def test_each_index_is_needed_by_a_query_of_the_doctors(firestore: Relay) -> None:
    """So that none can be missing without a word."""
    await examine_store()

    everywhere = {
        query.from_[0].collection_id for query in firestore.queries if is_everywhere(query)
    }
    needed = {index_for(query) for query in firestore.queries}
    assert {name for name, _ in indexes_everywhere()} <= everywhere
    assert declared_composites() <= needed


async def test_a_missing_index(firestore: Relay) -> None:
    """Each kind of query is tried: the first that needs one shows it."""
    firestore.spoil("RunQuery", StatusCode.FAILED_PRECONDITION, times=1)
    only(
        await examine_store(),
        Level.PROBLEM,
        "no index for lists of conversations",
        "firebase deploy --only firestore:indexes",
    )


async def test_firestore_is_away(firestore: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    only(await examine_store(), Level.PROBLEM, "does not answer", "FIRESTORE_EMULATOR_HOST")


async def test_reserved_ids_are_listed_on_firestore(
    firestore: Relay, transactional_db: None
) -> None:
    await reserved_ids_are_listed()


async def test_reserved_ids_are_listed_on_sql(transactional_db: None) -> None:
    await reserved_ids_are_listed()


async def reserved_ids_are_listed() -> None:
    """Of people of whom something is kept, and of people in conversations. A service account is
    no person."""
    stores = make_stores()
    await create_account(
        ServiceAccountStore(stores.database), name="shop", scopes=[Scope.SEND], by="root"
    )
    for name in ("service:old", "service:shop"):
        await stores.people.log_out(name)
    await stores.conversations.create_conversation(new_conversation("ann", "erased:x"))
    await stores.database.close()
    await stores.conversations.close()

    findings = await examine_store()

    (found,) = [finding for finding in findings if "Reserved" in finding.text]
    assert (found.level, found.text.rpartition(": ")[2]) == (
        Level.WARNING,
        "erased:x, service:old.",
    )
