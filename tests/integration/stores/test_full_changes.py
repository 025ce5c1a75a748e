"""Changes are read with their conversation, both as they were at one moment."""

import asyncio

import pytest

from messaging.concurrency.tasks import start_task
from messaging.stores.conversations import Store
from messaging.stores.exchange import ExchangeStore
from messaging.stores.firestore.exchange.store import FirestoreExchangeStore
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.sql.exchange.store import SqlExchangeStore
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation, sending

_SENDS = 60


@pytest.fixture
def exchange(store: SqlStore | FirestoreStore) -> ExchangeStore:
    if isinstance(store, FirestoreStore):
        return FirestoreExchangeStore(store)
    return SqlExchangeStore(store)


async def _send(store: Store, conversation_id: str, count: int) -> None:
    for number in range(count):
        before = await store.get_conversation(conversation_id)
        assert before is not None
        await store.commit(sending(before, f"text {number}"))


async def test_a_page_is_of_one_moment_while_people_send(
    store: Store, exchange: ExchangeStore
) -> None:
    """It has every message up to the version of its conversation, and none above it."""
    id_ = (await store.create_conversation(new_conversation("ann"))).id
    sends = start_task(_send(store, id_, _SENDS))
    while not sends.done():
        page = await exchange.read_full_changes(id_, since=0, limit=2 * _SENDS)
        assert page.conversation is not None
        versions = [one.message.version for one in page.messages]
        assert versions == list(range(1, page.conversation.version + 1))
        assert len(versions) == page.conversation.seq
        await asyncio.sleep(0)
    await sends


async def test_a_page_begins_behind_a_version_and_ends_at_its_limit(
    store: Store, exchange: ExchangeStore
) -> None:
    id_ = (await store.create_conversation(new_conversation("ann"))).id
    await _send(store, id_, 5)
    page = await exchange.read_full_changes(id_, since=1, limit=3)
    assert [one.message.version for one in page.messages] == [2, 3, 4]
    rest = await exchange.read_full_changes(id_, since=4, limit=3)
    assert [one.message.version for one in rest.messages] == [5]
    assert rest.conversation == await store.get_conversation(id_)
    nothing = await exchange.read_full_changes("a" * 26, since=0, limit=3)
    assert (nothing.conversation, list(nothing.messages)) == (None, [])
