"""What is true of the Firestore store alone: its writes, its keys, and its bad days."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.cloud.firestore_v1.types import CommitRequest, StructuredQuery

from config.development.firestore_emulator import EmulatorMissing, own_firestore_emulator
from config.development.processes import free_port
from messaging.entities import Conversation, Notify, Preferences
from messaging.exceptions import StoreUnavailable
from messaging.identifiers import random_id
from messaging.store.base import AlreadyExists, CommitUnknown, Conflict
from messaging.store.firestore import FirestoreStore
from tests.conftest import skip_or_fail
from tests.integration.store import new_conversation, people, sending
from tests.integration.store.firestore_relay import Relay

ROOT = Path(__file__).resolve().parents[3]

ODD_USER_IDS = ("zoe@example.com", "a.b.c", "auth0:12-34", "1", "-", "x_y")
"""Well-formed ones that a field path takes apart unless it quotes them, in no sorted order."""


@pytest.fixture
async def relay(firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Relay]:
    relay = Relay(firestore_emulator)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", await relay.start())
    yield relay
    await relay.stop()


@pytest.fixture
async def relayed_store(relay: Relay) -> AsyncIterator[FirestoreStore]:
    store = FirestoreStore(project=f"test-{uuid4().hex}")
    yield store
    await store.close()


def written_fields(request: CommitRequest) -> set[str]:
    """The fields that a commit's last write, the conversation's, sets or transforms."""
    write = request.writes[-1]
    transformed = {transform.field_path for transform in write.update_transforms}
    return {path.partition(".")[0] for path in {*write.update_mask.field_paths, *transformed}}


async def current(store: FirestoreStore, conversation: Conversation) -> Conversation:
    found = await store.get_conversation(conversation.id)
    assert found is not None
    return found


# What a send costs


async def test_a_send_is_one_commit_of_two_writes_and_no_read(
    relay: Relay, relayed_store: FirestoreStore
) -> None:
    """On a conversation that is known, also for the second send on what the first returned."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    relay.forget()

    conversation = await relayed_store.commit(sending(conversation, "one"))
    await relayed_store.commit(sending(conversation, "two"))

    assert relay.calls == ["Commit", "Commit"]
    assert [len(request.writes) for request in relay.commits] == [2, 2]


async def test_a_group_commit_writes_each_message_and_the_conversation_once(
    relay: Relay, relayed_store: FirestoreStore
) -> None:
    """k messages are k + 1 writes in one commit."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    relay.forget()

    await relayed_store.commit(sending(conversation, *"abcde"))

    assert relay.calls == ["Commit"]
    assert len(relay.commits[0].writes) == 6


async def test_a_send_writes_only_what_changes(relay: Relay, relayed_store: FirestoreStore) -> None:
    """People, roles and preferences stay untouched, however many there are."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    relay.forget()

    await relayed_store.commit(sending(conversation, "one"))

    changed = {"seq", "version", "last_message", "sent_seq", "active_at", "updated_at"}
    assert written_fields(relay.commits[0]) == changed


@pytest.mark.parametrize(("count", "moves"), [(50, True), (51, False)])
async def test_activity_of_a_large_conversation_rests_for_a_minute(
    relay: Relay, relayed_store: FirestoreStore, count: int, moves: bool
) -> None:
    """Above 50 people a send soon after another leaves `active_at` and its index alone, and
    what the commit returns says so."""
    names = [f"user-{number}" for number in range(count)]
    conversation = await relayed_store.create_conversation(new_conversation(*names))
    relay.forget()

    sent = await relayed_store.commit(sending(conversation, "one", sender="user-0"))

    assert ("active_at" in written_fields(relay.commits[0])) is moves
    assert sent == await current(relayed_store, conversation)
    assert (sent.active_at > conversation.active_at) is moves


async def test_activity_of_a_large_conversation_moves_after_a_minute(
    firestore_store: FirestoreStore,
) -> None:
    """The first send after a quiet minute brings it to the top of everybody's list."""
    names = [f"user-{number}" for number in range(51)]
    quiet_since = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    conversation = await firestore_store.create_conversation(
        new_conversation(*names, active_at=quiet_since)
    )
    assert conversation.active_at == quiet_since

    sent = await firestore_store.commit(sending(conversation, "one", sender="user-0"))

    assert sent.active_at == sent.updated_at


# Indexes


def index_for(query: StructuredQuery) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The collection and the fields of the index that answers a query."""
    where = query.where
    filters = [part.field_filter for part in where.composite_filter.filters] or [where.field_filter]
    contains = StructuredQuery.FieldFilter.Operator.ARRAY_CONTAINS
    fields = {part.field.field_path: "CONTAINS" for part in filters if part.op == contains}
    fields |= {
        order.field.field_path: order.direction.name
        for order in query.order_by
        if order.field.field_path != "__name__"
    }
    for part in filters:
        if part.field.field_path:
            fields.setdefault(part.field.field_path, "ASCENDING")
    return query.from_[0].collection_id, tuple(fields.items())


async def test_every_query_has_its_index(relay: Relay, relayed_store: FirestoreStore) -> None:
    """The emulator answers without; Firestore itself refuses. A query of one field needs that
    it is not exempt, one of several needs a composite index of exactly these."""
    declared = json.loads((ROOT / "firestore.indexes.json").read_text())
    composite = {
        (
            index["collectionGroup"],
            tuple(
                (field["fieldPath"], field.get("arrayConfig") or field["order"])
                for field in index["fields"]
            ),
        )
        for index in declared["indexes"]
    }
    exempt = {
        (override["collectionGroup"], override["fieldPath"])
        for override in declared["fieldOverrides"]
    }

    id_ = random_id()
    await relayed_store.list_conversations("ann", limit=10)
    await relayed_store.list_messages(id_, first_seq=1, last_seq=10)
    await relayed_store.list_changed_messages(id_, since=0, until=10, limit=10)
    await relayed_store.count_changed_messages(id_, since=0, up_to=10)
    await relayed_store.list_read_positions(id_)

    assert len(relay.queries) == 5
    for collection, fields in map(index_for, relay.queries):
        if len(fields) == 1:
            assert (collection, fields[0][0]) not in exempt
        if len(fields) > 1:
            assert (collection, fields) in composite


# Keys


async def test_odd_user_ids_are_keys_like_any_other(firestore_store: FirestoreStore) -> None:
    """People, senders, preferences and positions read back under the ids they were given, people
    in the order in which they were added."""
    muted = Preferences(muted_until=datetime(2030, 1, 1, tzinfo=UTC), notify=Notify.MENTIONS)
    conversation = await firestore_store.create_conversation(new_conversation(*ODD_USER_IDS))
    for user_id in ODD_USER_IDS:
        conversation = await firestore_store.commit(sending(conversation, "hi", sender=user_id))
        await firestore_store.set_preferences(conversation.id, user_id, muted)
        await firestore_store.advance_read(conversation.id, user_id, conversation.seq)
        conversation = await current(firestore_store, conversation)

    assert tuple(conversation.participants) == ODD_USER_IDS
    assert conversation.participants == people(*ODD_USER_IDS)
    assert conversation.sent_seq == {id_: seq for seq, id_ in enumerate(ODD_USER_IDS, 1)}
    assert conversation.preferences == dict.fromkeys(ODD_USER_IDS, muted)
    positions = await firestore_store.list_read_positions(conversation.id)
    assert {position.user_id: position.read_seq for position in positions} == conversation.sent_seq
    for user_id in ODD_USER_IDS:
        page = await firestore_store.list_conversations(user_id, limit=1)
        assert page.conversations == [conversation]


async def test_default_preferences_take_no_room(firestore_store: FirestoreStore) -> None:
    """Going back to the defaults removes the entry, and only one's own."""
    conversation = await firestore_store.create_conversation(new_conversation("a.b", "a.c"))
    quiet = Preferences(notify=Notify.NONE)
    for user_id in ("a.b", "a.c"):
        await firestore_store.set_preferences(conversation.id, user_id, quiet)

    await firestore_store.set_preferences(conversation.id, "a.b", Preferences())

    assert (await current(firestore_store, conversation)).preferences == {"a.c": quiet}


# Tokens


async def test_preferences_move_the_token(firestore_store: FirestoreStore) -> None:
    """A commit on the state before them conflicts, so that it cannot undo them."""
    conversation = await firestore_store.create_conversation(new_conversation("ann", "bob"))
    await firestore_store.set_preferences(conversation.id, "bob", Preferences(notify=Notify.NONE))

    with pytest.raises(Conflict):
        await firestore_store.commit(sending(conversation, "one"))

    conversation = await current(firestore_store, conversation)
    await firestore_store.commit(sending(conversation, "one"))


async def test_a_commit_needs_a_token(firestore_store: FirestoreStore) -> None:
    """Firestore takes an empty precondition for none: such a commit is not sent."""
    conversation = await firestore_store.create_conversation(new_conversation("ann", "bob"))

    with pytest.raises(ValueError, match="token"):
        await firestore_store.commit(sending(replace(conversation, token=None), "one"))


# Read positions


async def test_two_instances_never_move_a_position_back(relay: Relay) -> None:
    """Two devices of one person on two instances read at once: the furthest position stays."""
    project = f"test-{uuid4().hex}"
    # The emulator makes transactions that meet wait two seconds for each other.
    one, two = (FirestoreStore(project=project, timeout=10) for _ in range(2))
    conversation = await one.create_conversation(new_conversation("ann", "bob"))

    await asyncio.gather(
        one.advance_read(conversation.id, "ann", 7), two.advance_read(conversation.id, "ann", 5)
    )

    positions = await one.get_read_positions("ann", [conversation.id])
    assert positions[conversation.id].read_seq == 7
    assert "BeginTransaction" in relay.calls
    await one.close()
    await two.close()


# Bad days


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (grpc.StatusCode.FAILED_PRECONDITION, Conflict),
        (grpc.StatusCode.ABORTED, Conflict),
        (grpc.StatusCode.NOT_FOUND, Conflict),
        (grpc.StatusCode.ALREADY_EXISTS, AlreadyExists),
        (grpc.StatusCode.DEADLINE_EXCEEDED, CommitUnknown),
        (grpc.StatusCode.UNAVAILABLE, CommitUnknown),
        (grpc.StatusCode.INTERNAL, CommitUnknown),
        (grpc.StatusCode.UNKNOWN, CommitUnknown),
        (grpc.StatusCode.CANCELLED, CommitUnknown),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, StoreUnavailable),
        (grpc.StatusCode.PERMISSION_DENIED, StoreUnavailable),
        (grpc.StatusCode.UNAUTHENTICATED, StoreUnavailable),
    ],
)
async def test_what_a_refused_commit_means(
    relay: Relay, relayed_store: FirestoreStore, status: grpc.StatusCode, error: type[Exception]
) -> None:
    """Each status has one meaning, and no commit is sent twice."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    relay.forget()
    relay.refuse_commits_with = status

    with pytest.raises(error):
        await relayed_store.commit(sending(conversation, "one"))

    assert relay.calls == ["Commit"]


async def test_a_lost_answer_leaves_the_commit_unknown(
    relay: Relay, relayed_store: FirestoreStore
) -> None:
    """It was applied, and only reading again tells."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    commit = sending(conversation, "one")
    relay.lose_answers = True

    with pytest.raises(CommitUnknown):
        await relayed_store.commit(commit)

    sent = commit.created[0]
    assert sent.id in await relayed_store.get_messages(conversation.id, [sent.id])


async def test_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every method says so within five seconds."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    store = FirestoreStore(project="test-nothing-listens")

    await assert_all_unavailable(store, unstored_conversation())

    await store.close()


async def test_the_store_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that takes requests and never answers is unavailable within five seconds, and
    once it goes on it is used again."""
    try:
        with own_firestore_emulator() as (host, emulator):
            monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
            store = FirestoreStore(project="test-hangs")
            conversation = await store.create_conversation(new_conversation("ann", "bob"))

            emulator.send_signal(signal.SIGSTOP)
            await assert_all_unavailable(store, conversation)
            emulator.send_signal(signal.SIGCONT)

            await store.ping()
            await store.close()
    except EmulatorMissing as missing:
        skip_or_fail(str(missing))


async def test_the_store_is_found_again_soon(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an outage the store is used again within two seconds. A channel of gRPC left to
    itself tries again after a pause that grows with the outage, up to two minutes."""
    port = free_port()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    store = FirestoreStore(project="test-outage")
    outage_ends = time.monotonic() + 6.5
    while time.monotonic() < outage_ends:
        with pytest.raises(StoreUnavailable):
            await store.ping()

    relay = Relay(firestore_emulator)
    await relay.start(port)
    async with asyncio.timeout(2):
        while "BatchGetDocuments" not in relay.calls:
            try:
                await store.ping()
            except StoreUnavailable:
                continue

    await store.close()
    await relay.stop()


async def assert_all_unavailable(store: FirestoreStore, conversation: Conversation) -> None:
    """That each method fails within five seconds, and each as it promises."""
    id_ = conversation.id
    questions: list[Coroutine[Any, Any, object]] = [
        store.ping(),
        store.get_conversation(id_),
        store.list_conversations("ann", limit=10),
        store.set_preferences(id_, "ann", Preferences(notify=Notify.NONE)),
        store.get_messages(id_, [random_id()]),
        store.list_messages(id_, first_seq=1, last_seq=10),
        store.list_changed_messages(id_, since=0, until=10, limit=10),
        store.count_changed_messages(id_, since=0, up_to=10),
        store.list_read_positions(id_),
        store.get_read_positions("ann", [id_]),
        store.advance_read(id_, "ann", 1),
    ]
    commits = [
        store.create_conversation(new_conversation("ann", "bob")),
        store.commit(sending(conversation, "one")),
    ]
    start = time.monotonic()

    answers = await asyncio.gather(*questions, *commits, return_exceptions=True)

    assert time.monotonic() - start < 5
    kinds = [type(answer) for answer in answers]
    assert kinds == [StoreUnavailable] * len(questions) + [CommitUnknown] * len(commits)


def unstored_conversation() -> Conversation:
    """One that looks as if it had been read."""
    now = datetime.now(UTC)
    return replace(
        new_conversation("ann", "bob"), created_at=now, updated_at=now, active_at=now, token=now
    )
