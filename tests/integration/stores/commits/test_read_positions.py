"""Read positions, many at once: `messaging.commits.read_positions` on a real store."""

import asyncio
import random
import time
from uuid import uuid4

import pytest
from grpc import StatusCode

from messaging.commits.read_positions import ReadPositions
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.conversations import Store
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.positions import Advanced
from tests.integration.stores import eventually, new_conversation
from tests.integration.stores.firestore_relay import Relay

SEQS = random.Random(1).sample(range(1, 51), 50)


async def test_50_receipts_at_once(relay: Relay, relayed_store: FirestoreStore) -> None:
    """At most three transactions, whatever the order, and they end at the highest."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    positions = ReadPositions(relayed_store)
    relay.forget()

    answers = await asyncio.gather(
        *(positions.advance(conversation.id, "bob", seq) for seq in SEQS)
    )

    assert relay.calls.count("BeginTransaction") <= 3
    assert all(answer.position.read_seq >= seq for answer, seq in zip(answers, SEQS, strict=True))
    assert sum(answer.moved for answer in answers) <= 3
    found = await relayed_store.get_read_positions("bob", [conversation.id])
    assert found[conversation.id].read_seq == 50


async def test_receipts_while_one_is_under_way(relay: Relay, relayed_store: FirestoreStore) -> None:
    """Those that come meanwhile are stored as one."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    positions = ReadPositions(relayed_store)
    relay.forget()
    first = asyncio.create_task(positions.advance(conversation.id, "bob", 7))
    while "BeginTransaction" not in relay.calls:
        await asyncio.sleep(0.001)

    answers = await asyncio.gather(
        *(positions.advance(conversation.id, "bob", seq) for seq in SEQS)
    )

    assert (await first).position.read_seq == 7
    assert relay.calls.count("BeginTransaction") == 2
    assert {answer.position.read_seq for answer in answers} == {50}
    assert [answer.moved for answer in answers].count(True) == 1


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("status", [StatusCode.ABORTED, StatusCode.UNAVAILABLE])
async def test_one_fails(
    relay: Relay, relayed_store: FirestoreStore, status: StatusCode, applied: bool
) -> None:
    """It is tried again; it moves once, and everybody is answered."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    positions = ReadPositions(relayed_store)
    relay.spoil("Commit", status, times=1, applied=applied and status is not StatusCode.ABORTED)

    answers = await asyncio.gather(
        *(positions.advance(conversation.id, "bob", seq) for seq in (3, 5, 4))
    )

    assert [answer.position.read_seq for answer in answers] == [5, 5, 5]
    assert [answer.moved for answer in answers].count(True) == 1


async def test_an_outage(relay: Relay) -> None:
    """Who waits for one that hangs is told within five seconds too, and not after its time and
    then one's own."""
    store = FirestoreStore(project=f"test-{uuid4().hex}")
    await eventually(store.now)
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    positions = ReadPositions(store)
    relay.spoil("BeginTransaction", None)

    async def told(after: float) -> float:
        await asyncio.sleep(after)
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await positions.advance(conversation.id, "bob", 1)
        return time.monotonic() - started

    assert max(await asyncio.gather(told(0), told(0.2), told(0.3))) < 5
    relay.mend()
    await positions.drain()
    answer = await eventually(lambda: positions.advance(conversation.id, "bob", 2))
    assert answer.position.read_seq == 2
    await store.close()


@pytest.mark.django_db(transaction=True)
async def test_50_receipts_at_once_on_every_store(store: Store) -> None:
    """They end at the highest, and each is answered with at least its own."""
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    positions = ReadPositions(store)

    answers: list[Advanced] = await asyncio.gather(
        *(positions.advance(conversation.id, "bob", seq) for seq in SEQS)
    )

    assert all(answer.position.read_seq >= seq for answer, seq in zip(answers, SEQS, strict=True))
    assert (await positions.advance(conversation.id, "bob", 9)) == Advanced(
        position=answers[-1].position, moved=False
    )


@pytest.mark.django_db(transaction=True)
async def test_whoever_still_waits_learns_that_the_position_moved(store: Store) -> None:
    """It announces the move."""
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    positions = ReadPositions(store)
    gone, patient = (
        asyncio.create_task(positions.advance(conversation.id, "bob", seq)) for seq in (2, 1)
    )
    await asyncio.sleep(0)
    gone.cancel()

    assert (await patient).moved
