"""What Firestore bills for each operation: counted by the store, and seen on the wire."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from messaging.domain.conversation import Conversation
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Notify, Participant, ReadPosition, Role
from messaging.instruments.metrics import STORE_DOCUMENTS
from messaging.stores.conversations import Commit, Conflict
from messaging.stores.firestore.documents import conversations as documents
from messaging.stores.firestore.store import FirestoreStore
from tests.integration.stores import editing, new_conversation, sending
from tests.integration.stores.firestore_relay import Relay


@dataclass
class Bill:
    """Documents, as Firestore counts them."""

    reads: int = 0
    writes: int = 0
    deletes: int = 0


@contextmanager
def billed() -> Iterator[Bill]:
    """What was counted inside, once it is left."""
    bill = Bill()
    before = counted()
    yield bill
    after = counted()
    bill.reads = int(after["read"] - before["read"])
    bill.writes = int(after["write"] - before["write"])
    bill.deletes = int(after["delete"] - before["delete"])


def counted() -> Counter[str]:
    documents: Counter[str] = Counter()
    for sample in next(iter(STORE_DOCUMENTS.collect())).samples:
        if sample.name.endswith("_total"):
            documents[sample.labels["kind"]] += int(sample.value)
    return documents


@pytest.fixture
async def conversation(relay: Relay, relayed_store: FirestoreStore) -> Conversation:
    """A stored one of Ann and Bob, and a relay that has forgotten how it came to be."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    relay.forget()
    return conversation


async def conversations(store: FirestoreStore, count: int) -> Sequence[Conversation]:
    return [await store.create_conversation(new_conversation("ann")) for _ in range(count)]


async def test_a_send(
    relay: Relay, relayed_store: FirestoreStore, conversation: Conversation
) -> None:
    """One commit of two writes and no read, also the second on what the first returned."""
    with billed() as bill:
        conversation = await relayed_store.commit(sending(conversation, "one"))
        await relayed_store.commit(sending(conversation, "two"))

    assert bill == Bill(reads=0, writes=4)
    assert relay.calls == ["Commit", "Commit"]
    assert [len(request.writes) for request in relay.commits] == [2, 2]


async def test_a_group_commit_of_100_messages(
    relay: Relay, relayed_store: FirestoreStore, conversation: Conversation
) -> None:
    """Each message once, and the conversation once, in one commit."""
    with billed() as bill:
        await relayed_store.commit(sending(conversation, *map(str, range(100))))

    assert bill == Bill(reads=0, writes=101)
    assert relay.calls == ["Commit"]
    assert len(relay.commits[0].writes) == 101


async def test_an_edit(relayed_store: FirestoreStore, conversation: Conversation) -> None:
    """The message and the conversation."""
    conversation = await relayed_store.commit(sending(conversation, "tpyo"))
    assert conversation.last_message is not None

    with billed() as bill:
        await relayed_store.commit(editing(conversation, conversation.last_message, "typo"))

    assert bill == Bill(reads=0, writes=2)


async def test_a_commit_that_conflicts(
    relayed_store: FirestoreStore, conversation: Conversation
) -> None:
    """Nothing was written, nothing is counted."""
    await relayed_store.commit(sending(conversation, "one"))

    with billed() as bill, pytest.raises(Conflict):
        await relayed_store.commit(sending(conversation, "two"))

    assert bill == Bill(reads=0, writes=0)


async def test_creating_a_group(firestore_store: FirestoreStore) -> None:
    """Of n people: n + 1 writes."""
    with billed() as bill:
        await firestore_store.create_conversation(new_conversation(*"abcdefg"))

    assert bill == Bill(reads=0, writes=8)


async def test_adding_people(relayed_store: FirestoreStore, conversation: Conversation) -> None:
    """n of them: n + 1 writes."""
    added = {
        name: Participant(user_id=name, role=Role.MEMBER, joined_version=1) for name in "cdefg"
    }
    after = replace(conversation, version=1, participants={**conversation.participants, **added})
    positions = [ReadPosition(user_id=name) for name in added]

    with billed() as bill:
        await relayed_store.commit(Commit(before=conversation, after=after, positions=positions))

    assert bill == Bill(reads=0, writes=6)


async def test_a_read_receipt(
    relay: Relay, relayed_store: FirestoreStore, conversation: Conversation
) -> None:
    """One read and one write in a transaction."""
    with billed() as bill:
        await relayed_store.advance_read(conversation.id, "ann", 3)

    assert bill == Bill(reads=1, writes=1)
    assert relay.calls == ["BeginTransaction", "BatchGetDocuments", "Commit"]
    assert relay.commits[0].transaction


async def test_a_read_receipt_that_moves_nothing(
    relayed_store: FirestoreStore, conversation: Conversation
) -> None:
    """One read."""
    await relayed_store.advance_read(conversation.id, "ann", 3)

    with billed() as bill:
        await relayed_store.advance_read(conversation.id, "ann", 3)

    assert bill == Bill(reads=1, writes=0)


async def test_a_delivered_position(
    relay: Relay, relayed_store: FirestoreStore, conversation: Conversation
) -> None:
    """One write without a read: the server itself keeps the larger number."""
    with billed() as bill:
        await relayed_store.advance_delivered(conversation.id, "ann", 3)

    assert bill == Bill(reads=0, writes=1)
    assert relay.calls == ["Commit"]


async def test_preferences(relayed_store: FirestoreStore, conversation: Conversation) -> None:
    """The conversation, and the position that tells the person's other devices of it."""
    with billed() as bill:
        await relayed_store.set_preferences(conversation.id, "ann", {"notify": Notify.ALL})

    assert bill == Bill(reads=0, writes=2)


async def test_a_page_of_history(relayed_store: FirestoreStore, conversation: Conversation) -> None:
    """50 messages: 50 reads, of however many there are."""
    await relayed_store.commit(sending(conversation, *map(str, range(120))))

    with billed() as bill:
        await relayed_store.list_messages(conversation.id, first_seq=31, last_seq=80)

    assert bill == Bill(reads=50, writes=0)

    with billed() as bill:
        await relayed_store.list_latest_messages(conversation.id, limit=50)

    assert bill == Bill(reads=50, writes=0)


async def test_a_page_of_conversations(firestore_store: FirestoreStore) -> None:
    """With one's read positions: two reads for each that is there, also if there are more."""
    await conversations(firestore_store, 7)

    for limit, listed in ((50, 7), (5, 5)):
        with billed() as bill:
            page = await firestore_store.list_conversations("ann", limit=limit)
            await firestore_store.get_read_positions("ann", [one.id for one in page.conversations])

        assert len(page.conversations) == listed
        assert bill == Bill(reads=2 * listed)


async def test_greeting_somebody_with_100_conversations(firestore_store: FirestoreStore) -> None:
    """One query, 100 reads."""
    await conversations(firestore_store, 100)

    with billed() as bill:
        page = await firestore_store.list_conversations("ann", limit=1_000)

    assert len(page.conversations) == 100
    assert bill == Bill(reads=100, writes=0)


async def test_asking_what_changed(relay: Relay, relayed_store: FirestoreStore) -> None:
    """One read for each of the 16 shards in which nothing changed, one for each conversation."""
    since = await relayed_store.now()
    relay.forget()

    with billed() as bill:
        await relayed_store.list_changed_conversations(since=since)

    assert bill == Bill(reads=16)
    assert relay.calls == ["RunQuery"] * 16

    created = await conversations(relayed_store, 7)
    shards = {documents.new_conversation(one)["shard"] for one in created}

    with billed() as bill:
        await relayed_store.list_changed_conversations(since=since)

    assert bill == Bill(reads=16 - len(shards) + 7)


async def test_link_notes(firestore_store: FirestoreStore) -> None:
    """A write, a read for each, a delete; looking for them while there are none is one read."""
    with billed() as bill:
        await firestore_store.list_link_notes()
    assert bill == Bill(reads=1)

    with billed() as bill:
        await firestore_store.put_link_note("3f9d")
        await firestore_store.put_link_note("77aa")
    assert bill == Bill(writes=2)

    with billed() as bill:
        await firestore_store.list_link_notes()
    assert bill == Bill(reads=2)

    with billed() as bill:
        await firestore_store.delete_link_note("3f9d")
    assert bill == Bill(deletes=1)


async def test_what_is_not_there(firestore_store: FirestoreStore) -> None:
    """Asking for what does not exist costs as much as if one did."""
    id_ = random_id()

    with billed() as bill:
        await firestore_store.get_conversation(id_)
        await firestore_store.list_messages(id_, first_seq=1, last_seq=50)
        await firestore_store.list_read_positions(id_)
        await firestore_store.count_changed_messages(id_, since=0, up_to=1_000)
        await firestore_store.get_messages(id_, [random_id(), random_id()])
        await firestore_store.now()

    assert bill == Bill(reads=7, writes=0)


@pytest.mark.parametrize("question", ["messages", "positions"])
async def test_asking_for_nothing(firestore_store: FirestoreStore, question: str) -> None:
    """Costs nothing."""
    with billed() as bill:
        if question == "messages":
            await firestore_store.get_messages(random_id(), [])
        else:
            await firestore_store.get_read_positions("ann", [])

    assert bill == Bill(reads=0, writes=0)


@pytest.mark.parametrize(("messages", "reads"), [(1, 1), (1_000, 1), (1_001, 2)])
async def test_counting(firestore_store: FirestoreStore, messages: int, reads: int) -> None:
    """One read for each thousand that is begun."""
    conversation = await firestore_store.create_conversation(new_conversation("ann"))
    while conversation.seq < messages:
        texts = ["x"] * min(400, messages - conversation.seq)
        conversation = await firestore_store.commit(sending(conversation, *texts))

    with billed() as bill:
        await firestore_store.count_changed_messages(conversation.id, since=0, up_to=2_000)

    assert bill == Bill(reads=reads, writes=0)
