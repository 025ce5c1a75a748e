"""Calls to Firestore that fail, before or after they took effect: each means one thing."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, replace
from uuid import uuid4

import pytest
import structlog
from grpc import StatusCode

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound, StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Notify, Participant, Preferences, ReadPosition, Role
from messaging.stores.conversations import AlreadyExists, Commit, CommitUnknown, Conflict
from messaging.stores.firestore.store import FirestoreStore
from messaging.stores.positions import Advanced
from tests.integration.stores import editing, eventually, new_conversation, sending
from tests.integration.stores.firestore_relay import Relay

OUTCOME_UNKNOWN = [
    StatusCode.CANCELLED,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.INTERNAL,
    StatusCode.UNAVAILABLE,
    StatusCode.UNKNOWN,
    None,
]
"""None: there is no answer at all."""

RETRYABLE = [*OUTCOME_UNKNOWN, StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED]

FORBIDDEN = [StatusCode.PERMISSION_DENIED, StatusCode.UNAUTHENTICATED]


@pytest.fixture
async def impatient_store(relay: Relay, call_timeout: float) -> AsyncIterator[FirestoreStore]:
    """A store that is behind the relay, and waits so long for an answer."""
    store = FirestoreStore(project=f"test-{uuid4().hex}", timeout=call_timeout)
    await eventually(store.now)  # the emulator's first answer may take seconds
    yield store
    await store.close()


@pytest.fixture
async def conversation(relay: Relay, impatient_store: FirestoreStore) -> Conversation:
    """Of Ann and Bob, with one message; the relay has forgotten how it came to be."""
    conversation = await impatient_store.create_conversation(new_conversation("ann", "bob"))
    conversation = await impatient_store.commit(sending(conversation, "one"))
    relay.forget()
    return conversation


# Commits


def send(conversation: Conversation) -> Commit:
    return sending(conversation, "two")


def edit(conversation: Conversation) -> Commit:
    assert conversation.last_message is not None
    return editing(conversation, conversation.last_message, "uno")


def add(conversation: Conversation) -> Commit:
    cid = Participant(user_id="cid", role=Role.MEMBER, joined_version=2)
    after = replace(conversation, version=2, participants={**conversation.participants, "cid": cid})
    position = ReadPosition(user_id="cid", read_seq=1, delivered_seq=1)
    return Commit(before=conversation, after=after, positions=[position])


def remove(conversation: Conversation) -> Commit:
    ann = {"ann": conversation.participants["ann"]}
    return Commit(before=conversation, after=replace(conversation, version=2, participants=ann))


a_commit = pytest.mark.parametrize("change", [send, edit, add, remove])

Change = Callable[[Conversation], Commit]


async def assert_applied(store: FirestoreStore, commit: Commit) -> None:
    """All of it, and the conversation tells by whom."""
    found = await store.get_conversation(commit.after.id)
    assert found is not None
    assert found.commit_id == commit.commit_id
    assert found.version == commit.after.version
    assert list(found.participants) == list(commit.after.participants)
    written = {message.id: message.text for message in (*commit.created, *commit.replaced)}
    messages = await store.get_messages(found.id, sorted(written))
    assert {message.id: message.text for message in messages.values()} == written
    positions = await store.list_read_positions(found.id)
    assert {one.user_id for one in positions} == {"ann", "bob", *commit.after.participants}


async def assert_not_applied(store: FirestoreStore, commit: Commit) -> None:
    """Nothing of it, and the conversation tells."""
    found = await store.get_conversation(commit.before.id)
    assert found == commit.before
    assert found.commit_id == commit.before.commit_id
    assert found.token == commit.before.token
    (message,) = await store.list_messages(found.id, first_seq=0, last_seq=100)
    assert message == commit.before.last_message
    assert len(await store.list_read_positions(found.id)) == 2


@a_commit
@pytest.mark.parametrize("status", OUTCOME_UNKNOWN)
async def test_a_commit_that_was_lost_on_the_way(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    change: Change,
    status: StatusCode | None,
) -> None:
    """Nobody knows, until it is read; it is not sent again."""
    relay.spoil("Commit", status, times=1)
    commit = change(conversation)

    with pytest.raises(CommitUnknown):
        await impatient_store.commit(commit)

    assert relay.calls == ["Commit"]
    await assert_not_applied(impatient_store, commit)
    await impatient_store.commit(commit)
    await assert_applied(impatient_store, commit)


@a_commit
@pytest.mark.parametrize("status", OUTCOME_UNKNOWN)
async def test_a_commit_whose_answer_was_lost(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    change: Change,
    status: StatusCode | None,
) -> None:
    """Reading tells by the commit's id that it was applied; committing it again is refused."""
    relay.spoil("Commit", status, times=1, applied=True)
    commit = change(conversation)

    with pytest.raises(CommitUnknown):
        await impatient_store.commit(commit)

    assert relay.calls == ["Commit"]
    await assert_applied(impatient_store, commit)
    with pytest.raises((Conflict, AlreadyExists)):
        await impatient_store.commit(commit)
    await assert_applied(impatient_store, commit)


@a_commit
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (StatusCode.ABORTED, Conflict),
        (StatusCode.FAILED_PRECONDITION, Conflict),
        (StatusCode.NOT_FOUND, Conflict),
        (StatusCode.ALREADY_EXISTS, AlreadyExists),
        (StatusCode.PERMISSION_DENIED, StoreUnavailable),
        (StatusCode.UNAUTHENTICATED, StoreUnavailable),
    ],
)
async def test_a_commit_that_is_refused(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    change: Change,
    status: StatusCode,
    error: type[Exception],
) -> None:
    """Nothing was written, and it is not sent again."""
    relay.spoil("Commit", status)
    commit = change(conversation)

    with pytest.raises(error):
        await impatient_store.commit(commit)

    assert relay.calls == ["Commit"]
    await assert_not_applied(impatient_store, commit)


@a_commit
async def test_a_commit_without_capacity_once(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation, change: Change
) -> None:
    """Nothing was written then, so that it may be sent again."""
    relay.spoil("Commit", StatusCode.RESOURCE_EXHAUSTED, times=2)
    commit = change(conversation)

    await impatient_store.commit(commit)

    assert relay.calls == ["Commit"] * 3
    await assert_applied(impatient_store, commit)


@a_commit
async def test_a_commit_without_capacity(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation, change: Change
) -> None:
    """The store is unavailable after three tries."""
    relay.spoil("Commit", StatusCode.RESOURCE_EXHAUSTED)
    commit = change(conversation)

    with pytest.raises(StoreUnavailable):
        await impatient_store.commit(commit)

    assert relay.calls == ["Commit"] * 3
    await assert_not_applied(impatient_store, commit)


async def test_a_conversation_whose_creation_was_not_answered(
    relay: Relay, impatient_store: FirestoreStore
) -> None:
    """Creating it again tells that it is there, with all its people's positions."""
    conversation = new_conversation("ann", "bob")
    relay.spoil("Commit", StatusCode.UNAVAILABLE, times=1, applied=True)

    with pytest.raises(CommitUnknown):
        await impatient_store.create_conversation(conversation)
    with pytest.raises(AlreadyExists):
        await impatient_store.create_conversation(conversation)

    assert len(await impatient_store.list_read_positions(conversation.id)) == 2


# Read receipts


@pytest.mark.parametrize("method", ["BeginTransaction", "BatchGetDocuments", "Commit"])
@pytest.mark.parametrize(
    ("status", "applied"),
    [*((status, False) for status in RETRYABLE), *((status, True) for status in OUTCOME_UNKNOWN)],
)
async def test_a_receipt_meets_a_passing_fault(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    method: str,
    status: StatusCode | None,
    applied: bool,
) -> None:
    """It is tried again, and its answer is true even if the first try was applied."""
    relay.spoil(method, status, times=1, applied=applied)

    advanced = await impatient_store.advance_read(conversation.id, "ann", 1)

    position = ReadPosition(user_id="ann", read_seq=1, delivered_seq=1)
    assert advanced == Advanced(position=position, moved=True)
    assert position in await impatient_store.list_read_positions(conversation.id)


@pytest.mark.unanswered
@pytest.mark.parametrize("method", ["BeginTransaction", "BatchGetDocuments", "Commit"])
@pytest.mark.parametrize("status", [*RETRYABLE, *FORBIDDEN])
async def test_a_receipt_meets_a_fault_that_stays(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    method: str,
    status: StatusCode | None,
) -> None:
    """The store is unavailable, in time; nothing was written."""
    relay.spoil(method, status)
    start = time.monotonic()

    with pytest.raises(StoreUnavailable):
        await impatient_store.advance_read(conversation.id, "ann", 1)

    assert time.monotonic() - start < impatient_store.timeout + 0.5
    relay.mend()
    positions = await eventually(lambda: impatient_store.list_read_positions(conversation.id))
    assert ReadPosition(user_id="ann") in positions


async def test_a_receipt_that_is_overtaken_often(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation
) -> None:
    """It is tried while there is time, not three times only."""
    relay.spoil("Commit", StatusCode.ABORTED, times=4)

    advanced = await impatient_store.advance_read(conversation.id, "ann", 1)

    assert advanced.moved
    assert relay.calls.count("BeginTransaction") == 5


@pytest.mark.parametrize("method", ["BatchGetDocuments", "Commit"])
async def test_a_receipt_that_fails_gives_its_locks_back(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation, method: str
) -> None:
    """Rolled back, so that the next device need not wait for the transaction to expire."""
    relay.spoil(method, StatusCode.INTERNAL)

    with pytest.raises(StoreUnavailable):
        await impatient_store.advance_read(conversation.id, "ann", 1)

    async with asyncio.timeout(2):
        while relay.calls.count("Rollback") < 3:
            await asyncio.sleep(0.01)


@pytest.mark.unanswered
async def test_a_receipt_whose_reader_goes_away_gives_its_locks_back(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation
) -> None:
    """A cancelled one is rolled back as well."""
    relay.spoil("Commit", None, times=1)
    task = asyncio.create_task(impatient_store.advance_read(conversation.id, "ann", 1))
    while "Commit" not in relay.calls:
        await asyncio.sleep(0.01)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async with asyncio.timeout(2):
        while "Rollback" not in relay.calls:
            await asyncio.sleep(0.01)


# Everything else


READS: dict[str, Callable[[FirestoreStore, str], Awaitable[object]]] = {
    "get_conversation": lambda store, id_: store.get_conversation(id_),
    "list_conversations": lambda store, _: store.list_conversations("ann", limit=10),
    "get_messages": lambda store, id_: store.get_messages(id_, [random_id()]),
    "list_messages": lambda store, id_: store.list_messages(id_, first_seq=1, last_seq=9),
    "list_latest_messages": lambda store, id_: store.list_latest_messages(id_, limit=9),
    "list_changed_messages": lambda store, id_: store.list_changed_messages(
        id_, since=0, until=9, limit=9
    ),
    "count_changed_messages": lambda store, id_: store.count_changed_messages(
        id_, since=0, up_to=9
    ),
    "list_read_positions": lambda store, id_: store.list_read_positions(id_),
    "get_read_positions": lambda store, id_: store.get_read_positions("ann", [id_]),
    "list_link_notes": lambda store, _: boot_ids(store),
}


async def boot_ids(store: FirestoreStore) -> frozenset[str]:
    """Without the time, which moves on."""
    return (await store.list_link_notes()).boot_ids


METHODS = {"list": "RunQuery", "get": "BatchGetDocuments", "count": "RunAggregationQuery"}

a_read = pytest.mark.parametrize("read", READS)


def rpc_of(read: str) -> str:
    return METHODS[read.partition("_")[0]]


@a_read
@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("status", RETRYABLE)
async def test_a_read_meets_a_passing_fault(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    read: str,
    applied: bool,
    status: StatusCode | None,
) -> None:
    """It is asked again, also when the answer broke off at its end; nothing comes twice."""
    expected = await READS[read](impatient_store, conversation.id)
    relay.forget()
    relay.spoil(rpc_of(read), status, times=1, applied=applied)

    assert await READS[read](impatient_store, conversation.id) == expected

    assert relay.calls == [rpc_of(read)] * 2


@a_read
@pytest.mark.parametrize(
    "status", [StatusCode.UNAVAILABLE, StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED]
)
async def test_a_read_meets_a_fault_that_stays(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    read: str,
    status: StatusCode,
) -> None:
    """The store is unavailable after three tries."""
    relay.spoil(rpc_of(read), status)

    with pytest.raises(StoreUnavailable):
        await READS[read](impatient_store, conversation.id)

    assert relay.calls == [rpc_of(read)] * 3


@pytest.mark.unanswered
@a_read
async def test_a_read_that_is_never_answered(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation, read: str
) -> None:
    """The store is unavailable when the time is over."""
    relay.spoil(rpc_of(read), None)
    start = time.monotonic()

    with pytest.raises(StoreUnavailable):
        await READS[read](impatient_store, conversation.id)

    assert impatient_store.timeout - 0.5 < time.monotonic() - start < impatient_store.timeout + 0.5


@a_read
@pytest.mark.parametrize("status", FORBIDDEN)
async def test_a_read_that_is_forbidden(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    read: str,
    status: StatusCode,
) -> None:
    """The store is unavailable, and a person is told: this does not pass by itself."""
    relay.spoil(rpc_of(read), status)

    with structlog.testing.capture_logs() as logs, pytest.raises(StoreUnavailable):
        await READS[read](impatient_store, conversation.id)

    assert relay.calls == [rpc_of(read)]
    (entry,) = logs
    assert (entry["event"], entry["log_level"]) == ("store.unavailable", "error")
    assert status.name in entry["reason"]


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("status", RETRYABLE)
async def test_own_settings_meet_a_passing_fault(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    applied: bool,
    status: StatusCode | None,
) -> None:
    """Preferences and delivered positions may be written twice: they are end states."""
    quiet = Preferences(notify=Notify.NONE)
    relay.spoil("Commit", status, times=1, applied=applied)
    await impatient_store.set_preferences(conversation.id, "ann", asdict(quiet))
    relay.spoil("Commit", status, times=1, applied=applied)
    await impatient_store.advance_delivered(conversation.id, "ann", 1)

    found = await impatient_store.get_conversation(conversation.id)
    assert found is not None
    assert found.preferences == {"ann": quiet}
    positions = await impatient_store.get_read_positions("ann", [conversation.id])
    assert positions[conversation.id] == ReadPosition(user_id="ann", delivered_seq=1)


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("status", RETRYABLE)
async def test_link_notes_meet_a_passing_fault(
    relay: Relay, impatient_store: FirestoreStore, applied: bool, status: StatusCode | None
) -> None:
    """They may be put and deleted twice."""
    relay.spoil("Commit", status, times=1, applied=applied)
    await impatient_store.put_link_note("3f9d")
    assert await boot_ids(impatient_store) == {"3f9d"}

    relay.spoil("Commit", status, times=1, applied=applied)
    await impatient_store.delete_link_note("3f9d")
    assert await boot_ids(impatient_store) == frozenset()


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("status", RETRYABLE)
async def test_asking_what_changed_meets_passing_faults(
    relay: Relay,
    impatient_store: FirestoreStore,
    conversation: Conversation,
    applied: bool,
    status: StatusCode | None,
) -> None:
    """Those of its queries that failed are asked again, and no other."""
    relay.spoil("RunQuery", status, times=3, applied=applied)

    changed = await impatient_store.list_changed_conversations(since=conversation.updated_at)

    assert changed.conversations == [conversation]
    assert relay.calls == ["RunQuery"] * (16 + 3)


async def test_asking_what_changed_while_one_shard_fails(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation
) -> None:
    """Who cannot know all is told nothing: all are asked twice in vain, and one three times."""
    relay.spoil("RunQuery", StatusCode.ABORTED, times=16 + 16 + 1)

    with pytest.raises(StoreUnavailable):
        await impatient_store.list_changed_conversations(since=conversation.updated_at)


@pytest.mark.unanswered
async def test_asking_what_changed_of_a_store_that_never_answers(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation
) -> None:
    """It is unavailable when the time is over, and from then on at once."""
    relay.spoil("RunQuery", None)
    start = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await impatient_store.list_changed_conversations(since=conversation.updated_at)
    assert impatient_store.timeout - 0.6 < time.monotonic() - start < impatient_store.timeout + 0.5
    relay.forget()

    with pytest.raises(StoreUnavailable):
        await impatient_store.put_link_note("3f9d")

    assert relay.calls == []


async def test_preferences_of_a_conversation_that_is_not_there(
    impatient_store: FirestoreStore,
) -> None:
    """Nothing is created in its place."""
    id_ = random_id()

    with pytest.raises(ConversationNotFound):
        await impatient_store.set_preferences(id_, "ann", {"notify": Notify.NONE})

    assert await impatient_store.get_conversation(id_) is None


async def test_a_missing_index_is_no_outage(
    relay: Relay, impatient_store: FirestoreStore, conversation: Conversation
) -> None:
    """What is ours to mend is not called unavailability, and is not tried again."""
    relay.spoil("RunQuery", StatusCode.FAILED_PRECONDITION)

    with pytest.raises(Exception, match="as the test wants it") as raised:
        await impatient_store.list_conversations("ann", limit=10)

    assert not isinstance(raised.value, StoreUnavailable)
    assert relay.calls == ["RunQuery"]
