"""What the SQL store promises beyond the contract on SQLite and on PostgreSQL alike: few queries,
plain failures, the same documents counted as on Firestore."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import Settings

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import ConversationNotFound
from messaging.domain.identifiers import random_id
from messaging.domain.participant import Notify, ReadPosition, Role
from messaging.models import LinkNoteRecord
from messaging.stores.conversations import AlreadyExists, Commit, Conflict
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import editing, new_conversation, people, sending
from tests.integration.stores.sql.sql_spies import on_connect, recorded_queries
from tests.metrics import sampled


@pytest.fixture
def queries(database_store: SqlStore) -> Iterator[list[str]]:
    """The SQL of the store so far."""
    with recorded_queries() as executed:
        yield executed


def verbs(queries: Sequence[str]) -> list[str]:
    """The first words, but for asking a server's clock."""
    return [sql.split()[0] for sql in queries if not sql.startswith("SELECT date_trunc")]


# Queries


@pytest.mark.parametrize("size", [1, 100])
async def test_page_of_conversations(
    database_store: SqlStore, queries: list[str], size: int
) -> None:
    """A page of conversations, or all that `hello` names, takes one query however many they are;
    with one's read positions it takes two."""
    for _ in range(size):
        created = await database_store.create_conversation(new_conversation("ann", "bob", "cid"))
        await database_store.commit(sending(created, "hello"))
    queries.clear()

    page = await database_store.list_conversations("ann", limit=1_000)
    ids = [conversation.id for conversation in page.conversations]
    positions = await database_store.get_read_positions("ann", ids)

    assert len(page.conversations) == len(positions) == size
    assert all(conversation.last_message for conversation in page.conversations)
    assert verbs(queries) == ["SELECT"] * 2


async def test_conversation(database_store: SqlStore, queries: list[str]) -> None:
    """A conversation, its people and its latest message are one query."""
    created = await database_store.create_conversation(new_conversation("ann", "bob", "cid"))
    queries.clear()

    await database_store.get_conversation(created.id)

    assert verbs(queries) == ["SELECT"]


@pytest.mark.parametrize("size", [1, 50])
async def test_send(database_store: SqlStore, queries: list[str], size: int) -> None:
    """A commit of sends is one UPDATE and one INSERT, and reads nothing."""
    created = await database_store.create_conversation(new_conversation("ann", "bob", "cid"))
    queries.clear()

    await database_store.commit(sending(created, *["hello"] * size))

    assert verbs(queries) == ["UPDATE", "INSERT"]


async def test_send_of_a_hundred(database_store: SqlStore, queries: list[str]) -> None:
    """A group commit of 100 is at most one INSERT more: SQLite takes 999 values in a statement."""
    created = await database_store.create_conversation(new_conversation("ann", "bob", "cid"))
    queries.clear()

    await database_store.commit(sending(created, *["hello"] * 100))

    assert verbs(queries)[:2] == ["UPDATE", "INSERT"]
    assert verbs(queries)[2:] in ([], ["INSERT"])


@pytest.mark.parametrize("size", [1, 40])
async def test_edits(database_store: SqlStore, queries: list[str], size: int) -> None:
    """A commit of edits is the conversation's UPDATE and one statement for all the messages, or for
    as many as fit in one: SQLite takes 999 values."""
    created = await database_store.create_conversation(new_conversation("ann"))
    sends = sending(created, *["tpyo"] * size)
    sent = await database_store.commit(sends)
    queries.clear()

    edited = [replace(message, text="typo") for message in sends.created]
    after = replace(sent, version=sent.version + 1, last_message=edited[-1])
    await database_store.commit(Commit(before=sent, after=after, replaced=edited))

    assert verbs(queries) == ["UPDATE", "INSERT"]
    assert "ON CONFLICT" in queries[-1]


@pytest.mark.parametrize("size", [1, 100])
async def test_creating(database_store: SqlStore, queries: list[str], size: int) -> None:
    """A new conversation is one INSERT into each of three tables, however many found it."""
    user_ids = [f"user-{number}" for number in range(size)]

    await database_store.create_conversation(new_conversation(*user_ids))

    assert verbs(queries) == ["INSERT"] * 3


@pytest.mark.parametrize("size", [1, 100])
async def test_adding(database_store: SqlStore, queries: list[str], size: int) -> None:
    """To add people takes the same four queries however many they are."""
    created = await database_store.create_conversation(new_conversation("ann"))
    queries.clear()

    await add(database_store, created, *[f"user-{number}" for number in range(size)])

    assert verbs(queries) == ["UPDATE", "SELECT", "INSERT", "INSERT"]


async def add(store: SqlStore, created: Conversation, *user_ids: str) -> None:
    joined = people(*user_ids)
    after = replace(created, version=1, participants={**created.participants, **joined})
    positions = [ReadPosition(user_id=user_id) for user_id in user_ids]
    await store.commit(Commit(before=created, after=after, positions=positions))


async def test_receipt(database_store: SqlStore, queries: list[str]) -> None:
    """A read receipt is an UPDATE, which SQLite looks up first; one that moves nothing reads."""
    created = await database_store.create_conversation(new_conversation("ann"))
    queries.clear()

    await database_store.advance_read(created.id, "ann", 1)
    await database_store.advance_read(created.id, "ann", 1)

    on_postgres = ["UPDATE", "UPDATE", "SELECT"]
    assert verbs(queries) in (on_postgres, ["SELECT", "UPDATE", "SELECT"])


async def test_delivered(database_store: SqlStore, queries: list[str]) -> None:
    """A delivered position is one UPDATE; where it moves nothing there is a look besides."""
    created = await database_store.create_conversation(new_conversation("ann"))
    queries.clear()

    await database_store.advance_delivered(created.id, "ann", 2)
    await database_store.advance_delivered(created.id, "ann", 1)

    assert verbs(queries) == ["UPDATE", "UPDATE", "SELECT"]


async def test_reading(database_store: SqlStore, queries: list[str]) -> None:
    """A page of history, what changed, and positions are one query each, however many there are."""
    created = await database_store.create_conversation(new_conversation("ann", "bob", "cid"))
    commit = sending(created, *["hello"] * 50)
    await database_store.commit(commit)
    queries.clear()

    await database_store.list_messages(created.id, first_seq=1, last_seq=50)
    await database_store.get_messages(created.id, [message.id for message in commit.created])
    await database_store.list_changed_messages(created.id, since=0, until=50, limit=50)
    await database_store.count_changed_messages(created.id, since=0, up_to=50)
    await database_store.list_read_positions(created.id)
    await database_store.get_read_positions("ann", [created.id, random_id()])

    assert verbs(queries) == ["SELECT"] * 6


async def test_roles(database_store: SqlStore, queries: list[str]) -> None:
    """To give several people roles takes one UPDATE for each role."""
    names = [f"user-{number}" for number in range(20)]
    created = await database_store.create_conversation(new_conversation("ann", *names))
    queries.clear()

    admins = {one: replace(created.participants[one], role=Role.ADMIN) for one in names}
    after = replace(created, version=1, participants={**created.participants, **admins})
    await database_store.commit(Commit(before=created, after=after))

    assert verbs(queries) == ["UPDATE", "UPDATE"]
    found = await database_store.get_conversation(created.id)
    assert found is not None
    assert found.participants == after.participants


# The cost meter


@contextmanager
def counted(operation: str, **documents: int) -> Iterator[None]:
    """What is done within counts exactly these documents for the operation."""
    before = counts(operation)
    yield
    found = {kind: count - before[kind] for kind, count in counts(operation).items()}
    assert {kind: count for kind, count in found.items() if count} == documents


def counts(operation: str) -> dict[str, float]:
    return {
        kind: sampled("chat_store_documents_total", operation=operation, kind=kind)
        for kind in ("read", "write", "delete")
    }


async def test_documents_written(database_store: SqlStore) -> None:
    """Every message, the conversation and each position is a document, as Firestore has them."""
    store = database_store
    with counted("create_conversation", write=4):
        created = await store.create_conversation(new_conversation("ann", "bob", "cid"))
    with counted("commit", write=3):
        sent = await store.commit(sending(created, "one", "two"))
    assert sent.last_message is not None
    with counted("commit", write=2):
        edited = await store.commit(editing(sent, sent.last_message, "dos"))
    with counted("commit", write=3):
        await add(store, replace(edited, version=0), "dan", "eve")
    with counted("set_preferences", write=1):
        await store.set_preferences(created.id, "ann", {"notify": Notify.ALL})
    with counted("advance_read", read=1, write=1):
        await store.advance_read(created.id, "ann", 2)
    with counted("advance_read", read=1):
        await store.advance_read(created.id, "ann", 1)
    with counted("advance_delivered", write=1):
        await store.advance_delivered(created.id, "ann", 3)


async def test_documents_read(database_store: SqlStore) -> None:
    """A document asked for is a read, there or not; a query is one read at least."""
    store = database_store
    created = await store.create_conversation(new_conversation("ann", "bob"))
    await store.create_conversation(new_conversation("ann"))
    commit = sending(created, *["hello"] * 50)
    await store.commit(commit)

    with counted("get_conversation", read=2):
        await store.get_conversation(created.id)
        await store.get_conversation(random_id())
    with counted("list_conversations", read=2 + 1 + 1):
        await store.list_conversations("ann", limit=50)
        await store.list_conversations("ann", limit=1)
        await store.list_conversations("nobody", limit=50)
    with counted("list_messages", read=50 + 1):
        await store.list_messages(created.id, first_seq=1, last_seq=50)
        await store.list_messages(created.id, first_seq=51, last_seq=100)
    with counted("get_messages", read=2):
        await store.get_messages(created.id, [commit.created[0].id, random_id()])
    with counted("list_changed_messages", read=10):
        await store.list_changed_messages(created.id, since=0, until=50, limit=10)
    with counted("count_changed_messages", read=1):
        await store.count_changed_messages(created.id, since=0, up_to=50)
    with counted("list_read_positions", read=2):
        await store.list_read_positions(created.id)
    with counted("get_read_positions", read=2):
        await store.get_read_positions("ann", [created.id, random_id()])
    with counted("now", read=1):
        await store.now()
    since = created.created_at
    with counted("list_changed_conversations", read=2 + 1):
        await store.list_changed_conversations(since=since)
        await store.list_changed_conversations(since=since + timedelta(hours=1))


async def test_documents_of_link_notes(database_store: SqlStore) -> None:
    """A write, a read for each, a delete; looking for them while there are none is one read."""
    store = database_store
    with counted("list_link_notes", read=1):
        await store.list_link_notes()
    with counted("put_link_note", write=2):
        await store.put_link_note("3f9d")
        await store.put_link_note("77aa")
    with counted("list_link_notes", read=2):
        await store.list_link_notes()
    with counted("delete_link_note", delete=1):
        await store.delete_link_note("3f9d")


async def test_a_note_that_nobody_renews(database_store: SqlStore) -> None:
    """After 25 seconds it is not listed, and whoever is cut off next sweeps it out."""
    store = database_store
    for boot_id, seconds in (("dead", 26), ("slow", 15)):
        await store.put_link_note(boot_id)
        renewed_at = await store.now() - timedelta(seconds=seconds)
        await store.calls.write("put_link_note", partial(date_note, boot_id, renewed_at))

    assert (await store.list_link_notes()).boot_ids == {"slow"}

    await store.put_link_note("3f9d")
    assert await store.calls.read("list_link_notes", stored_notes) == {"3f9d", "slow"}


def date_note(boot_id: str, renewed_at: datetime, database: BaseDatabaseWrapper) -> None:
    notes = LinkNoteRecord.objects.using(database.alias)
    notes.filter(boot_id=boot_id).update(renewed_at=renewed_at)


def stored_notes(database: BaseDatabaseWrapper) -> set[str]:
    return set(LinkNoteRecord.objects.using(database.alias).values_list("boot_id", flat=True))


async def test_what_is_refused_writes_no_documents(database_store: SqlStore) -> None:
    """A commit that was not applied is not counted."""
    created = await database_store.create_conversation(new_conversation("ann"))
    sent = await database_store.commit(sending(created, "hello"))

    with counted("commit"), pytest.raises(Conflict):
        await database_store.commit(sending(created, "hello"))
    with counted("create_conversation"), pytest.raises(AlreadyExists):
        await database_store.create_conversation(replace(sent, token=None))


# Threads and connections


async def test_close_gives_threads_and_connections_back(database_store: SqlStore) -> None:
    """After close no thread of the store runs and no connection is open; then it starts anew."""
    before = set(threading.enumerate())
    opened: list[BaseDatabaseWrapper] = []
    with on_connect(opened.append):
        created = await database_store.create_conversation(new_conversation("ann"))
        await asyncio.gather(*(database_store.now() for _ in range(10)))
        running = set(threading.enumerate()) - before

        await database_store.close()

        assert running
        assert not any(thread.is_alive() for thread in running if thread.name.startswith("sql"))
        assert opened
        assert all(connection.connection is None for connection in opened)
        assert await database_store.get_conversation(created.id) == created


async def test_debugging_keeps_no_statements(database_store: SqlStore, settings: Settings) -> None:
    """With DEBUG on, the store's connections do not collect what they execute."""
    settings.DEBUG = True
    opened: list[BaseDatabaseWrapper] = []
    with on_connect(opened.append):
        created = await database_store.create_conversation(new_conversation("ann"))
        await database_store.commit(sending(created, "a secret"))

    logged = [query["sql"] for connection in opened for query in connection.queries_log]
    assert not any("secret" in sql for sql in logged)


async def test_conversation_is_read_in_one_moment(database_store: SqlStore) -> None:
    """A commit beside a read does not show in it by halves: with every message somebody leaves or
    comes, and whoever reads finds them as they were at the version that is found."""
    conversation = await database_store.create_conversation(new_conversation("ann", "bob"))
    both, alone = dict(conversation.participants), people("ann")
    stop = asyncio.Event()
    seen: set[int] = set()

    def look(found: Conversation | None) -> None:
        assert found is not None
        assert set(found.participants) == set(both if found.version % 2 == 0 else alone)
        last = found.last_message
        assert (last.version if last else 0) == found.version == found.seq
        seen.add(found.version)

    async def read() -> None:
        while not stop.is_set():
            look(await database_store.get_conversation(conversation.id))
            look((await database_store.list_conversations("ann", limit=9)).conversations[0])
            since = conversation.created_at
            changed = await database_store.list_changed_conversations(since=since)
            look(changed.conversations[0])

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        tasks.create_task(read())
        for number in range(60):
            commit = sending(conversation, f"{number}")
            there = both if commit.after.version % 2 == 0 else alone
            after = replace(commit.after, participants=there)
            conversation = await database_store.commit(replace(commit, after=after))
        stop.set()

    assert len(seen) > 10


# What is refused


async def test_fault_is_no_already_exists(database_store: SqlStore) -> None:
    """A commit that breaks another rule of the tables is a fault, and writes nothing."""
    created = await database_store.create_conversation(new_conversation("ann"))
    commit = sending(created, "one", "two")
    same_seq = [commit.created[0], replace(commit.created[1], seq=1)]

    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        await database_store.commit(replace(commit, created=same_seq))

    assert await database_store.get_conversation(created.id) == created


async def test_commit_to_nothing(database_store: SqlStore) -> None:
    """A commit to a conversation that was never stored is a Conflict."""
    base = replace(new_conversation("ann"), token=1)

    with pytest.raises(Conflict):
        await database_store.commit(Commit(before=base, after=base))


async def test_preferences_in_nothing(database_store: SqlStore) -> None:
    """Preferences in a conversation that was never stored are refused."""
    with pytest.raises(ConversationNotFound):
        await database_store.set_preferences(random_id(), "ann", {"notify": Notify.ALL})


async def test_refusals_keep_the_breaker_closed(database_store: SqlStore) -> None:
    """However often the store refuses, it has answered."""
    created = await database_store.create_conversation(new_conversation("ann"))
    await database_store.commit(sending(created, "first"))

    for _ in range(10):
        with pytest.raises(Conflict):
            await database_store.commit(sending(created, "too late"))

    assert await database_store.get_conversation(created.id) is not None
