"""Firestore out of reach: every method says so in time, soon in no time, and comes back."""

import asyncio
import signal
import time
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
import pytest

from config.development.firestore_emulator import EmulatorMissing, own_firestore_emulator
from config.development.ports import free_port
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Notify
from messaging.stores.conversations import CommitUnknown, Conflict
from messaging.stores.firestore.store import FirestoreStore
from tests.conftest import skip_or_fail
from tests.integration.stores import eventually, new_conversation, sending
from tests.integration.stores.firestore_relay import Relay


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
        with own_firestore_emulator(brief=True) as (host, emulator):
            monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", host)
            store = FirestoreStore(project="test-hangs", timeout=10)
            conversation = await store.create_conversation(new_conversation("ann", "bob"))
            await store.close()
            store = FirestoreStore(project="test-hangs")
            await eventually(store.now)

            emulator.send_signal(signal.SIGSTOP)
            await assert_all_unavailable(store, conversation)
            emulator.send_signal(signal.SIGCONT)

            await eventually(store.now, seconds=3)
            await store.close()
    except EmulatorMissing as missing:
        skip_or_fail(str(missing))


async def assert_all_unavailable(store: FirestoreStore, conversation: Conversation) -> None:
    """That each method fails within five seconds, and each as it promises."""
    id_ = conversation.id
    questions: list[Coroutine[Any, Any, object]] = [
        store.now(),
        store.get_conversation(id_),
        store.list_conversations("ann", limit=10),
        store.set_preferences(id_, "ann", {"notify": Notify.NONE}),
        store.get_messages(id_, [random_id()]),
        store.list_messages(id_, first_seq=1, last_seq=10),
        store.list_latest_messages(id_, limit=10),
        store.list_changed_messages(id_, since=0, until=10, limit=10),
        store.count_changed_messages(id_, since=0, up_to=10),
        store.list_read_positions(id_),
        store.get_read_positions("ann", [id_]),
        store.advance_read(id_, "ann", 1),
        store.advance_delivered(id_, "ann", 1),
        store.list_changed_conversations(since=datetime.now(UTC)),
        store.put_link_note("3f9d"),
        store.delete_link_note("3f9d"),
        store.list_link_notes(),
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
        new_conversation("ann", "bob"), created_at=now, updated_at=now, active_at=now, token=1
    )


# The circuit breaker


async def test_an_outage_answers_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few calls that failed, all others are refused at once; of a commit too it is known
    then that it was not even sent."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    store = FirestoreStore(project="test-breaker")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await store.now()
    start = time.monotonic()

    for _ in range(100):
        with pytest.raises(StoreUnavailable):
            await store.now()
    with pytest.raises(StoreUnavailable):
        await store.commit(sending(unstored_conversation(), "one"))

    assert time.monotonic() - start < 0.5
    await store.close()


@pytest.mark.parametrize("outage", [0.5, 6.5])
async def test_the_store_is_found_again_soon(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch, outage: float
) -> None:
    """About a second after an outage, however long. A channel of gRPC left to itself tries again
    after a pause that grows with the outage, up to two minutes."""
    port = free_port()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    store = FirestoreStore(project="test-outage")
    outage_ends = time.monotonic() + outage
    while time.monotonic() < outage_ends:
        with pytest.raises(StoreUnavailable):
            await store.now()
        await asyncio.sleep(0.01)

    relay = Relay(firestore_emulator)
    await relay.start(port)
    await eventually(store.now, seconds=2)

    await store.close()
    await relay.stop()


async def test_the_store_goes_and_comes_back(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks in the middle of work, as when the store is restarted."""
    port = free_port()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    store = FirestoreStore(project=f"test-{uuid4().hex}")
    relay = Relay(firestore_emulator)
    await relay.start(port)
    conversation = await eventually(lambda: store.create_conversation(new_conversation("ann")))

    await relay.stop()
    with pytest.raises(CommitUnknown):
        await store.commit(sending(conversation, "one"))
    relay = Relay(firestore_emulator)
    await relay.start(port)
    await eventually(store.now, seconds=2)
    await store.commit(sending(conversation, "one"))

    await store.close()
    await relay.stop()


@pytest.mark.parametrize(
    "status",
    [
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.PERMISSION_DENIED,
    ],
)
async def test_a_refusal_is_an_answer(
    relay: Relay, relayed_store: FirestoreStore, status: grpc.StatusCode
) -> None:
    """However many commits are refused, the store is there."""
    conversation = await relayed_store.create_conversation(new_conversation("ann", "bob"))
    relay.spoil("Commit", status)

    await asyncio.gather(
        *(relayed_store.commit(sending(conversation, "one")) for _ in range(20)),
        return_exceptions=True,
    )

    await relayed_store.now()


async def test_conflicts_among_many(firestore_store: FirestoreStore) -> None:
    """Of real ones as well: 50 commits on one base, and the store is there."""
    conversation = await firestore_store.create_conversation(new_conversation("ann", "bob"))

    answers = await asyncio.gather(
        *(firestore_store.commit(sending(conversation, "one")) for _ in range(50)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, Conflict) for answer in answers) == 49
    await firestore_store.now()
