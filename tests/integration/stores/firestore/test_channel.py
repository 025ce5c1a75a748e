"""The store's own channel to Firestore does what the official client's does."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud.firestore import AsyncClient, FieldFilter, async_transactional

from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.stores.firestore.client.channel import open_channel
from messaging.stores.firestore.store import FirestoreStore
from tests.integration.stores import new_conversation
from tests.integration.stores.firestore_relay import Relay

HEADERS = ("authorization", "google-cloud-resource-prefix", "x-goog-request-params")


def headers_of_calls(relay: Relay) -> Mapping[str, Mapping[str, str]]:
    """By the name of the call."""
    return {
        name: {header: headers[header] for header in HEADERS}
        for name, headers in zip(relay.calls, relay.headers, strict=True)
    }


async def call_all(store: FirestoreStore, id_: str) -> None:
    await store.list_messages(id_, first_seq=1, last_seq=10)
    await store.count_changed_messages(id_, since=0, up_to=10)
    await store.advance_read(id_, "ann", 1)


async def call_all_officially(client: AsyncClient, id_: str) -> None:
    conversation = client.collection("conversations").document(id_)
    messages = conversation.collection("messages").where(filter=FieldFilter("seq", ">", 0))
    await messages.get()
    await messages.count().get()

    async def advance(transaction: Any) -> None:
        position = conversation.collection("participants").document("ann")
        await position.get(transaction=transaction)
        transaction.set(position, {"read_seq": 1})

    await async_transactional(advance)(client.transaction())


async def test_headers_are_those_of_the_official_client(relay: Relay) -> None:
    """Of all calls: by them Google finds the database and knows who asks."""
    project, id_ = f"test-{uuid4().hex}", random_id()
    store = FirestoreStore(project=project)

    await call_all(store, id_)
    ours = headers_of_calls(relay)
    relay.forget()
    await call_all_officially(AsyncClient(project=project), id_)

    assert ours == headers_of_calls(relay)
    assert ours.keys() == {
        "BatchGetDocuments",
        "BeginTransaction",
        "Commit",
        "RunAggregationQuery",
        "RunQuery",
    }
    await store.close()


async def test_the_official_client_reads_what_the_store_wrote(relay: Relay) -> None:
    """And finds in it the types that it would have written itself."""
    project = f"test-{uuid4().hex}"
    store = FirestoreStore(project=project)
    conversation = await store.create_conversation(new_conversation("a.b", "bob"))

    client = AsyncClient(project=project)
    found = await client.collection("conversations").document(conversation.id).get()

    fields = found.to_dict()
    assert fields is not None
    assert fields["participant_ids"] == ["a.b", "bob"]
    assert fields["roles"]["a.b"] == {"role": "owner", "joined_version": 0}
    assert fields["last_message"] is None
    assert fields["sent_seq"] == {}
    assert fields["created_at"] == conversation.created_at
    await store.close()


class UnaryTracer(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    async def intercept_unary_unary(self, follow: Any, details: Any, request: Any) -> Any:
        self.seen.append(details.method.decode().rpartition("/")[2])
        return await follow(details, request)


class StreamTracer(grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[misc]
    def __init__(self, seen: list[str]) -> None:
        self.seen = seen

    async def intercept_unary_stream(self, follow: Any, details: Any, request: Any) -> Any:
        self.seen.append(details.method.decode().rpartition("/")[2])
        return await follow(details, request)


async def test_a_tracer_sees_every_call(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual ones replace the functions of `grpc.aio` that make channels, and add their
    interceptors there."""
    seen: list[str] = []
    original = grpc.aio.insecure_channel
    monkeypatch.setattr(
        grpc.aio,
        "insecure_channel",
        lambda target, **kwargs: original(
            target, interceptors=[UnaryTracer(seen), StreamTracer(seen)], **kwargs
        ),
    )
    store = FirestoreStore(project=f"test-{uuid4().hex}")

    await call_all(store, random_id())

    assert seen == relay.calls
    await store.close()


async def test_with_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of `GOOGLE_APPLICATION_CREDENTIALS` are found, and a channel opens with them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "client_email": "chat@test.iam.gserviceaccount.com",
        "token_uri": "https://127.0.0.1:1/token",
        "private_key": key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    opened = []
    original = grpc.aio.secure_channel

    def secure_channel(target: str, *args: Any, **kwargs: Any) -> Any:
        opened.append(target)
        return original(target, *args, **kwargs)

    monkeypatch.setattr(grpc.aio, "secure_channel", secure_channel)

    await open_channel("projects/test/databases/(default)")

    assert opened == ["firestore.googleapis.com:443"]


async def test_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The store is unavailable, and a person is told."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    store = FirestoreStore(project="test-nobody")

    with structlog.testing.capture_logs() as logs, pytest.raises(StoreUnavailable):
        await store.now()

    told = [(entry["event"], entry["log_level"]) for entry in logs]
    assert told == [("store.unavailable", "error")]
    await store.close()
