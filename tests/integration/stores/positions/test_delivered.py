"""Delivered positions reach the store at most once a minute, and none is forgotten."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace

import pytest
from grpc import StatusCode

from messaging.domain.conversation import Conversation
from messaging.positions import delivered
from messaging.positions.delivered import DeliveredPositions
from messaging.stores.conversations import Store
from messaging.stores.firestore.store import FirestoreStore
from tests.integration.stores import new_conversation
from tests.integration.stores.firestore_relay import Relay

PEOPLE = ("ann", "bob", "cid", "dan", "eve")


class Clock:
    """The clock of the module, which goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self._looks = 0

    def monotonic(self) -> float:
        self._looks += 1
        return self.now

    async def ticks(self) -> None:
        """Wait for two ticks, each of which looks at it: at the second what was due at the first is
        done. The writes before may still be ending, and each looks once more."""
        looks = self._looks
        async with asyncio.timeout(10):
            while self._looks < looks + 2 + len(PEOPLE):
                await asyncio.sleep(0.01)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(delivered, "time", SimpleNamespace(monotonic=clock.monotonic))
    monkeypatch.setattr(delivered, "_TICK_SECONDS", 0.01)
    return clock


@pytest.fixture
async def conversation(relay: Relay, relayed_store: FirestoreStore) -> Conversation:
    conversation = await relayed_store.create_conversation(new_conversation(*PEOPLE))
    relay.forget()
    return conversation


async def stored(store: Store, conversation: Conversation) -> Mapping[str, int]:
    positions = await store.list_read_positions(conversation.id)
    return {position.user_id: position.delivered_seq for position in positions}


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    end = time.monotonic() + 10
    while not await holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_one_write_a_minute(
    relay: Relay,
    relayed_store: FirestoreStore,
    conversation: Conversation,
    clock: Clock,
) -> None:
    """None in the first minute, then one per person, and the next a minute later."""
    positions = DeliveredPositions(relayed_store, None)
    positions.start()
    for seq in range(1, 101):
        for person in PEOPLE:
            assert await positions.advance(conversation.id, person, seq, latest=True)
            assert not await positions.advance(conversation.id, person, seq, latest=True)
    clock.now += 59
    await clock.ticks()
    assert relay.commits == []
    assert await positions.positions(conversation.id, ["ann", "zoe"]) == {"ann": 100}

    clock.now += 1
    await until(lambda: all_stored(relayed_store, conversation, 100))
    for seq in range(101, 201):
        for person in PEOPLE:
            await positions.advance(conversation.id, person, seq, latest=True)
    clock.now += 59
    await clock.ticks()
    assert len(relay.commits) == len(PEOPLE)

    clock.now += 1
    await until(lambda: all_stored(relayed_store, conversation, 200))
    clock.now += 600
    await clock.ticks()
    assert len(relay.commits) == 2 * len(PEOPLE)
    await positions.stop()
    assert len(relay.commits) == 2 * len(PEOPLE)


async def all_stored(store: Store, conversation: Conversation, seq: int) -> bool:
    return await stored(store, conversation) == dict.fromkeys(PEOPLE, seq)


async def test_stopping_stores_what_is_not_stored_yet(
    relay: Relay,
    relayed_store: FirestoreStore,
    conversation: Conversation,
    clock: Clock,
) -> None:
    """One write per person, though their minute is not over."""
    positions = DeliveredPositions(relayed_store, None)
    positions.start()
    for person in PEOPLE:
        await positions.advance(conversation.id, person, 7, latest=True)
        await positions.advance(conversation.id, person, 9, latest=True)

    await positions.stop()

    assert len(relay.commits) == len(PEOPLE)
    assert await stored(relayed_store, conversation) == dict.fromkeys(PEOPLE, 9)


async def test_an_outage_loses_nothing(
    relay: Relay,
    relayed_store: FirestoreStore,
    conversation: Conversation,
    clock: Clock,
) -> None:
    """What could not be stored is due again until it is."""
    positions = DeliveredPositions(relayed_store, None)
    positions.start()
    relay.spoil("Commit", StatusCode.PERMISSION_DENIED)
    await positions.advance(conversation.id, "bob", 7, latest=True)
    clock.now += 60
    while len(relay.commits) < 3:
        await asyncio.sleep(0.01)
    relay.mend()

    async def bob_is_stored() -> bool:
        return (await stored(relayed_store, conversation))["bob"] == 7

    await until(bob_is_stored)
    await positions.stop()


async def test_what_the_store_refuses_does_not_hold_up_the_others(
    relay: Relay,
    relayed_store: FirestoreStore,
    conversation: Conversation,
    clock: Clock,
) -> None:
    """One that fails for good is dropped; the next ones are stored as ever."""
    positions = DeliveredPositions(relayed_store, None)
    positions.start()
    relay.spoil("Commit", StatusCode.INVALID_ARGUMENT, times=1)
    await positions.advance(conversation.id, "ann", 7, latest=True)
    clock.now += 60
    while not relay.commits:
        await asyncio.sleep(0.01)
    await positions.advance(conversation.id, "bob", 7, latest=True)
    clock.now += 60

    async def bob_is_stored() -> bool:
        return (await stored(relayed_store, conversation))["bob"] == 7

    await until(bob_is_stored)
    await positions.stop()


@pytest.mark.django_db(transaction=True)
async def test_one_write_a_minute_on_sql(sql_store: Store, clock: Clock) -> None:
    """As on Firestore: nothing for a minute, and what is left when it stops."""
    conversation = await sql_store.create_conversation(new_conversation(*PEOPLE))
    positions = DeliveredPositions(sql_store, None)
    positions.start()
    for person in PEOPLE:
        await positions.advance(conversation.id, person, 7, latest=True)
    await clock.ticks()
    assert await stored(sql_store, conversation) == dict.fromkeys(PEOPLE, 0)

    clock.now += 60
    await until(lambda: all_stored(sql_store, conversation, 7))
    await positions.advance(conversation.id, "ann", 9, latest=True)
    await positions.stop()

    assert await stored(sql_store, conversation) == {**dict.fromkeys(PEOPLE, 7), "ann": 9}


async def test_it_goes_on_from_what_the_store_knows(
    relay: Relay, relayed_store: FirestoreStore, conversation: Conversation
) -> None:
    """After one read per person and conversation, and none where the latest message is named."""
    await relayed_store.advance_delivered(conversation.id, "ann", 5)
    await relayed_store.advance_read(conversation.id, "bob", 5)
    positions = DeliveredPositions(relayed_store, None)
    relay.forget()

    for person in ("ann", "bob"):
        moved = [await positions.advance(conversation.id, person, seq) for seq in range(1, 8)]
        assert moved == [False] * 5 + [True] * 2
    assert await positions.advance(conversation.id, "cid", 9, latest=True)
    assert not await positions.advance(conversation.id, "cid", 8)

    assert relay.calls.count("BatchGetDocuments") == 2


async def test_it_goes_on_from_nothing_where_the_store_does_not_answer(
    relay: Relay, relayed_store: FirestoreStore, conversation: Conversation
) -> None:
    """An acknowledgement does not fail by it."""
    positions = DeliveredPositions(relayed_store, None)
    relay.spoil("BatchGetDocuments", StatusCode.PERMISSION_DENIED)

    assert await positions.advance(conversation.id, "ann", 5)
    assert not await positions.advance(conversation.id, "ann", 4)
