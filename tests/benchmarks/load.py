"""The load of the benchmarks, made in a process of its own: a line of JSON for each that it reads.

`grouped` and `spread` send through the writer on the Firestore store. Beside them stands what
they are measured by: `transactions`, `increments` and `spread_plainly` use the official client as
its documentation shows, `bare` sends requests that were made before.
"""

import asyncio
import gc
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import django

django.setup()

import grpc  # noqa: E402
from django.core.management import call_command  # noqa: E402
from google.api_core.exceptions import GoogleAPICallError  # noqa: E402
from google.cloud import firestore  # noqa: E402
from google.cloud.firestore_v1 import types  # noqa: E402

from messaging.commits.conversation_cache import ConversationCache  # noqa: E402
from messaging.commits.writer import Writer  # noqa: E402
from messaging.domain.change import COMMIT_TIME  # noqa: E402
from messaging.domain.conversation import Conversation  # noqa: E402
from messaging.domain.identifiers import random_id  # noqa: E402
from messaging.domain.message import Message  # noqa: E402
from messaging.instruments.metrics import COMMIT_CONFLICTS, STORE_DOCUMENTS  # noqa: E402
from messaging.stores.conversations import Store  # noqa: E402
from messaging.stores.firestore.client.requests import Database, Writes  # noqa: E402
from messaging.stores.firestore.documents.conversations import (  # noqa: E402
    changed_conversation,
)
from messaging.stores.firestore.documents.messages import encode_message  # noqa: E402
from messaging.stores.firestore.store import FirestoreStore  # noqa: E402
from messaging.stores.sql.store import SqlStore  # noqa: E402
from tests.benchmarks.children import carry_out  # noqa: E402
from tests.integration.stores import sending  # noqa: E402
from tests.integration.stores.acting import send  # noqa: E402

TEXT = "What was said, about as long as what people say to each other: a line or two of text."
COMMIT = "/google.firestore.v1.Firestore/Commit"
AS_ADMINISTRATOR = (("authorization", "Bearer owner"),)
"""As the store does: of others the emulator asks its rules first, which takes longer."""
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Figures = dict[str, Any]


async def at_once(senders: int, one: Callable[[int], Awaitable[None]]) -> float:
    """Let so many senders do it at the same time; the seconds that it took."""
    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(senders)))
    return time.perf_counter() - started


class Unheard:
    """Listens to a writer for nobody, and keeps nothing: what is measured is the writer."""

    def committed(self, committed: object) -> None: ...
    def was_read(self, conversation: object) -> None: ...
    def in_doubt(self, recheck: object) -> None: ...


def new_writer(store: Store) -> Writer:
    return Writer(store, ConversationCache(), Unheard())


def documents_counted(kind: str) -> int:
    samples = next(iter(STORE_DOCUMENTS.collect())).samples
    return int(
        sum(
            sample.value
            for sample in samples
            if sample.name.endswith("_total") and sample.labels["kind"] == kind
        )
    )


def conflicts_counted() -> int:
    (sample,) = (
        sample
        for sample in next(iter(COMMIT_CONFLICTS.collect())).samples
        if sample.name.endswith("_total")
    )
    return int(sample.value)


# One hot conversation


async def grouped(project: str, conversation_id: str, senders: int, sends: int) -> Figures:
    """Everybody sends so many messages, one after the other, through one writer. As for the bare
    loop, what is sent is made before the clock runs."""
    store = FirestoreStore(project=project)
    writer = new_writer(store)
    await store.now()
    acts = [
        [
            send(conversation_id, TEXT, client_id=random_id(), sender=f"user-{number}")
            for _ in range(sends)
        ]
        for number in range(senders)
    ]
    written, read = documents_counted("write"), documents_counted("read")
    conflicts = conflicts_counted()
    acknowledged: list[int] = []

    async def sender(number: int) -> None:
        for act in acts[number]:
            outcome = await writer.submit(conversation_id, act)
            assert outcome.message is not None
            acknowledged.append(outcome.message.seq)

    cpu = time.process_time()
    taken = await at_once(senders, sender)
    cpu = time.process_time() - cpu
    await writer.drain()
    figures = {
        "messages": len(acknowledged),
        "seconds": taken,
        "cpu": cpu,
        "writes": documents_counted("write") - written,
        "reads": documents_counted("read") - read,
        "conflicts": conflicts_counted() - conflicts,
        "seqs": acknowledged,
    }
    await store.close()
    return figures


async def transactions(project: str, conversation_id: str, senders: int, seconds: float) -> Figures:
    """Each message in a transaction that reads the conversation and writes both."""
    client = firestore.AsyncClient(project=project)
    conversation = client.collection("conversations").document(conversation_id)
    await conversation.get()
    sent, failed = 0, 0
    end = time.perf_counter() + seconds

    @firestore.async_transactional  # type: ignore[untyped-decorator]
    async def transact(transaction: Any, sender_id: str) -> None:
        snapshot = await conversation.get(transaction=transaction)
        number = snapshot.get("seq") + 1
        document = plain_message(sender_id, number)
        transaction.create(conversation.collection("messages").document(random_id()), document)
        transaction.update(
            conversation,
            {
                "seq": number,
                "version": number,
                "last_message": document,
                "updated_at": firestore.SERVER_TIMESTAMP,
            },
        )

    async def sender(number: int) -> None:
        nonlocal sent, failed
        while (left := end - time.perf_counter()) > 0:
            try:
                async with asyncio.timeout(left):
                    await transact(client.transaction(), f"user-{number}")
            except TimeoutError:
                return
            except (ValueError, GoogleAPICallError):  # ValueError: it has tried often enough
                failed += 1
            else:
                sent += 1

    taken = await at_once(senders, sender)
    return {"messages": sent, "seconds": taken, "failed": failed}


async def increments(project: str, conversation_id: str, senders: int, seconds: float) -> Figures:
    """Each message in a commit of its own that reads nothing and lets the server count."""
    client = firestore.AsyncClient(project=project)
    conversation = client.collection("conversations").document(conversation_id)
    await conversation.get()
    sent = 0
    end = time.perf_counter() + seconds

    async def sender(number: int) -> None:
        nonlocal sent
        while time.perf_counter() < end:
            batch = client.batch()
            document = plain_message(f"user-{number}", 0)
            batch.create(conversation.collection("messages").document(random_id()), document)
            batch.update(
                conversation,
                {
                    "seq": firestore.Increment(1),
                    "version": firestore.Increment(1),
                    "last_message": document,
                    "updated_at": firestore.SERVER_TIMESTAMP,
                },
            )
            await batch.commit()
            sent += 1

    taken = await at_once(senders, sender)
    return {"messages": sent, "seconds": taken}


async def bare(project: str, conversation_id: str, size: int, commits: int) -> Figures:
    """Commits of so many messages, one after the other, each a request made before the clock
    runs, sent through a plain stub. They state no precondition: what it would be is not known
    before."""
    store = FirestoreStore(project=project)
    conversation = await store.get_conversation(conversation_id)
    assert conversation is not None
    await store.close()
    requests = []
    for _ in range(commits):
        request, conversation = bare_commit(project, conversation, size)
        requests.append(request)
    channel = grpc.aio.insecure_channel(os.environ["FIRESTORE_EMULATOR_HOST"])
    commit = channel.unary_unary(
        COMMIT,
        request_serializer=types.CommitRequest.pb().SerializeToString,
        response_deserializer=types.CommitResponse.pb().FromString,
    )
    started = time.perf_counter()
    for request in requests:
        await commit(request, timeout=10, metadata=AS_ADMINISTRATOR)
    taken = time.perf_counter() - started
    await channel.close()
    return {"messages": size * commits, "seconds": taken}


def bare_commit(project: str, conversation: Conversation, size: int) -> tuple[Any, Conversation]:
    """What the store sends for a message of each of so many people, and how that leaves the
    conversation."""
    database = Database(project)
    path = ("conversations", conversation.id)
    commit = sending(conversation, *[TEXT] * size)
    writes = Writes(database)
    for message in commit.created:
        name = database.document(*path, "messages", message.id)
        writes.create(name, encode_message(message))
    sent_seq = {f"user-{number}": one.seq for number, one in enumerate(commit.created)}
    after = replace(commit.after, sent_seq=sent_seq, commit_id=commit.commit_id)
    fields, mask = changed_conversation(commit.before, after)
    writes.update(database.document(*path), fields, mask)
    return writes.request, after


def plain_message(sender_id: str, seq: int) -> dict[str, Any]:
    """The same fields as the store gives a message."""
    return {
        "seq": seq,
        "version": seq,
        "created_version": seq,
        "sender_id": sender_id,
        "client_id": random_id(),
        "text": TEXT,
        "reply_to": None,
        "mentions": [],
        "created_at": firestore.SERVER_TIMESTAMP,
        "edited_at": None,
        "deleted_at": None,
        "content_hash": "0123456789abcdef0123456789abcdef",
    }


# Many conversations


async def spread(project: str, conversation_ids: list[str], sends: int) -> Figures:
    """One sender in each conversation, through the writer."""
    store = FirestoreStore(project=project)
    writer = new_writer(store)
    for conversation_id in conversation_ids:
        # As after an earlier send: the copy is there, so that no send has to read.
        await writer.submit(conversation_id, send(conversation_id, TEXT, client_id=random_id()))
    written, read = documents_counted("write"), documents_counted("read")

    async def sender(number: int) -> None:
        conversation_id = conversation_ids[number]
        for _ in range(sends):
            act = send(conversation_id, TEXT, client_id=random_id())
            await writer.submit(conversation_id, act)

    cpu = time.process_time()
    taken = await at_once(len(conversation_ids), sender)
    figures = {
        "messages": sends * len(conversation_ids),
        "seconds": taken,
        "cpu": time.process_time() - cpu,
        "writes": documents_counted("write") - written,
        "reads": documents_counted("read") - read,
    }
    await writer.drain()
    await store.close()
    return figures


async def spread_plainly(project: str, conversation_ids: list[str], sends: int) -> Figures:
    """The same commits by the official client: create the message, update the conversation on
    condition that it is as it was; as many at the same time as the writer has in flight."""
    store = FirestoreStore(project=project)
    client = firestore.AsyncClient(project=project)
    found = [await store.get_conversation(conversation_id) for conversation_id in conversation_ids]
    await store.close()
    times = []
    for conversation_id in conversation_ids:
        snapshot = await client.collection("conversations").document(conversation_id).get()
        times.append(snapshot.update_time)
    places = asyncio.Semaphore(64)

    async def sender(number: int) -> None:
        conversation = found[number]
        assert conversation is not None
        reference = client.collection("conversations").document(conversation.id)
        last_update_time = times[number]
        for _ in range(sends):
            commit = sending(conversation, TEXT)
            (message,) = commit.created
            batch = client.batch()
            batch.create(
                reference.collection("messages").document(message.id),
                plainly(encode_message(message)),
            )
            batch.update(
                reference,
                {
                    "seq": message.seq,
                    "version": message.version,
                    "last_message": {"id": message.id, **plainly(encode_message(message))},
                    "sent_seq.ann": message.seq,
                    "commit_id": commit.commit_id,
                    "active_at": firestore.SERVER_TIMESTAMP,
                    "updated_at": firestore.SERVER_TIMESTAMP,
                },
                option=client.write_option(last_update_time=last_update_time),
            )
            async with places:
                results = await batch.commit()
            last_update_time = results[-1].update_time
            conversation = commit.after

    cpu = time.process_time()
    taken = await at_once(len(conversation_ids), sender)
    return {
        "messages": sends * len(conversation_ids),
        "seconds": taken,
        "cpu": time.process_time() - cpu,
    }


def plainly(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: firestore.SERVER_TIMESTAMP if value is COMMIT_TIME else value
        for name, value in fields.items()
    }


# Memory


async def memory(
    project: str | None, conversation: str | None, senders: int, marks: list[int]
) -> Figures:
    """Send until there are as many messages as the last mark says; resident bytes at each."""
    store: Store = SqlStore() if project is None else FirestoreStore(project=project)
    conversation_id = conversation or await sql_conversation(store)
    writer = new_writer(store)
    resident = []
    numbers = count(1)
    for mark, former in zip(marks, [0, *marks], strict=False):
        left = iter(range(mark - former))

        async def sender(number: int, left: Any = left) -> None:
            for _ in left:
                client_id = f"client-{next(numbers)}"
                act = send(conversation_id, TEXT, client_id=client_id, sender=f"user-{number}")
                outcome = await writer.submit(conversation_id, act)
                assert isinstance(outcome.message, Message)

        await at_once(senders, sender)
        resident.append(resident_bytes())
    found = await store.get_conversation(conversation_id)
    assert found is not None
    await writer.drain()
    await store.close()
    return {"resident": resident, "seq": found.seq, "version": found.version}


async def sql_conversation(store: Store) -> str:
    """A stored one, with its tables, in the database of the settings."""
    from tests.benchmarks import crowd  # noqa: PLC0415

    await asyncio.to_thread(call_command, "migrate", verbosity=0)
    return (await store.create_conversation(crowd(64))).id


def resident_bytes() -> int:
    gc.collect()
    _, pages, *_ = Path("/proc/self/statm").read_text().split()
    return int(pages) * PAGE_BYTES


WORK: Mapping[str, Callable[..., Awaitable[Figures]]] = {
    work.__name__: work
    for work in (grouped, transactions, increments, bare, spread, spread_plainly, memory)
}


async def main() -> None:
    await carry_out(WORK)


if __name__ == "__main__":
    asyncio.run(main())
