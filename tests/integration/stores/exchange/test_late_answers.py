"""Work that reads a whole store survives a store that answers late, or large pages never."""

import asyncio
import os
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio

from messaging.concurrency import retries
from messaging.domain.exceptions import StoreUnavailable
from messaging.exchange.reading import read_lines
from messaging.exchange.records import FullMessage
from messaging.personal_data.exported import PersonExport
from messaging.runtime.instance import Instance
from messaging.services.copying.conversations import ConversationCopy
from messaging.services.operators.verification import all_conversation_ids, verify_conversations
from messaging.stores import Stores, make_stores
from messaging.stores.firestore.store import FirestoreStore
from tests.instances import new_instance
from tests.integration.stores.exchange.bulk import write_file
from tests.integration.stores.exchange.chats import body, close, dumped, loaded, stores_of
from tests.integration.stores.firestore_relay import Relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
_UNANSWERED = 5
"""More than the client itself repeats: a read fails twice."""


@pytest.fixture
def made(tmp_path: Path) -> bytes:
    """A file with a conversation of 300 messages, which are two pages."""
    file = tmp_path / "made.jsonl"
    write_file(file, messages=300, conversations=1)
    return file.read_bytes()


@pytest_asyncio.fixture
async def stores(
    relay: Relay, transactional_db: None, made: bytes, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stores]:
    """The content of the file in Firestore, behind the relay. A read fails after half a second."""
    with stores_of("firestore", emulator=os.environ["FIRESTORE_EMULATOR_HOST"]) as stores:
        await loaded(made, stores)
        monkeypatch.setattr(retries, "_PAUSE_SECONDS", 0.2)
        monkeypatch.setattr(retries, "_LONGEST_PAUSE_SECONDS", 1.0)
        store = stores.conversations
        assert isinstance(store, FirestoreStore)
        store.timeout = store.connection.timeout = 0.5
        yield stores
        await close(stores)


async def test_a_dump_survives_late_answers(relay: Relay, stores: Stores, made: bytes) -> None:
    relay.spoil("RunQuery", None, times=_UNANSWERED)
    relay.spoil("BatchGetDocuments", None, times=_UNANSWERED)

    assert body(await dumped(stores)) == body(made)


async def test_a_dump_asks_for_smaller_pages(relay: Relay, stores: Stores, made: bytes) -> None:
    relay.delay_pages(above=120)

    assert body(await dumped(stores)) == body(made)


async def test_a_store_that_is_away_ends_a_dump(
    relay: Relay, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "_SECONDS", 10.0)
    relay.spoil("RunQuery", None)

    with pytest.raises(StoreUnavailable):
        async with asyncio.timeout(60):
            await dumped(stores)


async def test_a_verification_survives_late_answers(
    relay: Relay, stores: Stores, made: bytes
) -> None:
    relay.spoil("RunQuery", None, times=_UNANSWERED)
    relay.spoil("BatchGetDocuments", None, times=_UNANSWERED)

    store = stores.conversations
    reports = verify_conversations(store=store, conversation_ids=all_conversation_ids(store))
    assert [(report.messages, report.findings) async for report in reports] == [(300, ())]


async def test_a_copy_asks_for_smaller_pages(relay: Relay, stores: Stores, made: bytes) -> None:
    relay.delay_pages(above=120)
    target = make_stores("sql")
    (id_,) = await stores.conversations.list_conversation_ids(limit=2)

    copied = await ConversationCopy(stores, target).copy(id_)

    assert copied.messages == 300
    assert await ConversationCopy(stores, target).is_same(id_)
    await close(target)


@pytest_asyncio.fixture
async def instance(stores: Stores) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        connection = instance.jobs.parts.store.connection  # type: ignore[attr-defined]
        connection.timeout = 0.5
        yield instance


async def test_an_export_survives_late_answers_and_asks_for_smaller_pages(
    relay: Relay, stores: Stores, instance: Instance, made: bytes
) -> None:
    relay.spoil("RunQuery", None, times=_UNANSWERED)
    relay.spoil("BatchGetDocuments", None, times=_UNANSWERED)
    relay.delay_pages(above=120)
    output = BytesIO()

    await PersonExport(instance.jobs.parts, "ann", write=output.write).run()

    records = [line.record for line in read_lines(BytesIO(output.getvalue()))]
    assert sum(isinstance(one, FullMessage) for one in records) == 75
