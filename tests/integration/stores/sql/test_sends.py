"""Commits that only create messages: their statements, and the transactions that they share."""

import asyncio
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.domain.change import COMMIT_TIME
from messaging.domain.conversation import Conversation, ConversationKind, History, Posting
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.identifiers import random_id
from messaging.domain.message import Attachment, Message, MessageKind, ReactionSummary
from messaging.domain.participant import Preferences
from messaging.domain.uncounted import ALL_COUNTED
from messaging.models import ConversationRecord, MessageRecord
from messaging.stores.conversations import AlreadyExists, Commit, CommitUnknown, Conflict
from messaging.stores.shared.commit_time import stamped
from messaging.stores.sql import rows
from messaging.stores.sql.sends.columns import CONVERSATION_COLUMNS, is_send
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import new_conversation, people, sending
from tests.integration.stores.sql.sql_spies import Gate, around_queries, recorded_queries

LARGE = 2**53 - 1
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
ids = st.text(string.ascii_letters + string.digits + "_.@:-", min_size=1, max_size=26)
numbers = st.integers(0, LARGE)
moments = st.datetimes(datetime(1971, 1, 1), datetime(9990, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001

attachments = st.builds(
    Attachment,
    id=ids,
    filename=texts,
    content_type=texts,
    size=numbers,
    width=st.none() | numbers,
    height=st.none() | numbers,
    has_thumbnail=st.booleans(),
)
reactions = st.builds(ReactionSummary, count=numbers, user_ids=st.lists(ids, max_size=3).map(tuple))


@st.composite
def sends(draw: st.DrawFn) -> Callable[[Conversation], Commit]:
    """The commit of some messages to a conversation, with any value in each field that it sets."""
    many = draw(st.integers(1, 4))
    seqs = draw(st.lists(numbers, min_size=many, max_size=many, unique=True))
    values: list[dict[str, Any]] = [
        {
            "seq": seq,
            "version": draw(numbers),
            "sender_id": draw(ids),
            "client_id": draw(st.none() | ids),
            "text": draw(st.none() | texts),
            "reply_to": draw(st.none() | ids),
            "mentions": tuple(draw(st.lists(ids, max_size=3))),
            "created_at": draw(st.just(COMMIT_TIME) | moments),
            "edited_at": draw(st.none() | st.just(COMMIT_TIME) | moments),
            "deleted_at": draw(st.none() | st.just(COMMIT_TIME) | moments),
            "content_hash": draw(st.text("0123456789abcdef", max_size=64)),
            "created_version": draw(st.none() | numbers),
            "mentions_all": draw(st.booleans()),
            "kind": draw(st.sampled_from(MessageKind)),
            "metadata": draw(st.none() | texts),
            "pinned_at": draw(st.none() | st.just(COMMIT_TIME) | moments),
            "attachments": tuple(draw(st.lists(attachments, max_size=2))),
            "reactions": draw(st.dictionaries(texts, reactions, max_size=2)),
        }
        for seq in seqs
    ]
    of_conversation: dict[str, Any] = {
        "seq": draw(numbers),
        "version": draw(numbers),
        "active_at": draw(st.just(COMMIT_TIME) | moments),
        "sent_seq": draw(st.dictionaries(ids, numbers, max_size=3)),
    }
    assert {*values[0], "id", "conversation_id"} == {field.name for field in fields(Message)}

    def commit(before: Conversation) -> Commit:
        made = [Message(id=random_id(), conversation_id=before.id, **one) for one in values]
        after = replace(before, last_message=made[-1], **of_conversation)
        return Commit(before=before, after=after, created=made)

    return commit


def stored_rows(database: BaseDatabaseWrapper, conversation_id: str) -> Mapping[str, Any]:
    """Every column of a conversation's own row and of its messages, as the database keeps it."""
    form = "quote({})" if database.vendor == "sqlite" else "{}::text"
    found = {}
    with database.cursor() as cursor:
        for model, key in ((ConversationRecord, "id"), (MessageRecord, "conversation_id")):
            names = [form.format(f'"{one.column}"') for one in model._meta.concrete_fields]
            table = model._meta.db_table
            cursor.execute(
                f"SELECT {', '.join(names)} FROM {table} WHERE {key} = %s ORDER BY id",
                [conversation_id],
            )
            found[table] = cursor.fetchall()
    return found


def write_by_orm(database: BaseDatabaseWrapper, commit: Commit, stored: Conversation) -> None:
    """Write the same rows again by Django's ORM."""
    records = ConversationRecord.objects.using(database.alias).filter(id=stored.id)
    records.update(revision=stored.token, **rows.conversation_columns(stored))
    for message in commit.created:
        record = rows.message_record(stamped(message, stored.updated_at))
        record.save(using=database.alias, force_update=True)


@pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(sends(), min_size=3, max_size=3))
async def test_rows_are_those_of_the_orm(
    database_store: SqlStore, together: bool, made: Sequence[Callable[[Conversation], Commit]]
) -> None:
    """The statements of a send write the same into every column as Django's ORM, whatever the
    values, and return what a read finds."""
    store = database_store
    created = [await store.create_conversation(new_conversation("ann", "bob")) for _ in made]
    commits = [make(before) for make, before in zip(made, created, strict=True)]
    if together:
        stored = await asyncio.gather(*map(store.commit, commits))
    else:
        stored = [await store.commit(commit) for commit in commits]

    for commit, after in zip(commits, stored, strict=True):
        written = await store.calls.read("now", stored_rows, after.id)
        await store.calls.write("record", write_by_orm, commit, after)
        again = await store.calls.read("now", stored_rows, after.id)
        assert written == again
        assert len(written["messaging_message"]) == len(commit.created)
        messages = await store.get_messages(after.id, [one.id for one in commit.created])
        assert messages == {one.id: stamped(one, after.updated_at) for one in commit.created}


OTHERS: Mapping[str, Any] = {
    "id": "another",
    "kind": ConversationKind.DIRECT,
    "title": "Coffee",
    "participants": people("ann"),
    "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    "preferences": {"ann": Preferences()},
    "blocked_by": frozenset({"ann"}),
    "frozen": True,
    "uncounted": ALL_COUNTED.adding(1),
    "metadata": "{}",
    "picture": "https://example.org/tea.png",
    "posting": Posting.ADMINS,
    "history": History.SINCE_JOINING,
    "system_messages": True,
    "pinned_count": 1,
    "mentions_all_seq": 1,
    "content_hash": "0",
    "counted": True,
}
BY_COMMIT = {"last_message", "token"}


def test_every_field_is_written_or_kept() -> None:
    """A new field of a conversation must be kept by a send, or written by its statement."""
    written = {field.name for field in fields(Conversation)} & set(CONVERSATION_COLUMNS)
    assert written | OTHERS.keys() | BY_COMMIT == {one.name for one in fields(Conversation)}


@pytest.mark.parametrize("name", OTHERS)
def test_another_change_is_no_send(name: str) -> None:
    """A commit that changes anything else of the conversation goes by the ORM."""
    before = new_conversation("ann", "bob")
    commit = sending(before, "hello")

    assert is_send(commit)
    assert not is_send(replace(commit, after=replace(commit.after, **{name: OTHERS[name]})))
    assert not is_send(replace(commit, replaced=commit.created))
    assert not is_send(replace(commit, created=()))


# Several conversations at once


async def created(store: SqlStore, many: int) -> Sequence[Conversation]:
    return [await store.create_conversation(new_conversation("ann")) for _ in range(many)]


async def assert_stored(store: SqlStore, stored: Conversation) -> None:
    assert await store.get_conversation(stored.id) == stored


async def test_sends_at_once_share_transactions(database_store: SqlStore) -> None:
    """The first is committed at once; those that come meanwhile are committed together."""
    before = await created(database_store, 20)
    await database_store.close()
    with recorded_queries() as queries:
        stored = await asyncio.gather(
            *(database_store.commit(sending(one, "hello")) for one in before)
        )
    begun = [sql.split()[0] for sql in queries]

    # SQLite has a savepoint for each; PostgreSQL has one statement for all.
    assert (begun.count("SAVEPOINT"), begun.count("WITH")) in ((19, 0), (0, 1))
    for one in stored:
        await assert_stored(database_store, one)


@pytest.mark.parametrize("first", [0, 4])
async def test_a_refused_send_is_refused_alone(database_store: SqlStore, first: int) -> None:
    """In a shared transaction too, each refused commit has its own error, and writes nothing."""
    store = database_store
    before = await created(store, 7)
    old = sending(before[2], "old")
    sent = await store.commit(old)
    again = sending(sent, "again")
    faulty = sending(before[3], "one", "two")
    commits: dict[int, Commit] = {
        **{place: sending(before[place], "hello") for place in (0, 4, 5, 6)},
        1: sending(replace(before[1], token=1), "too late"),
        2: replace(again, created=[replace(again.created[0], id=old.created[0].id)]),
        3: replace(faulty, created=[faulty.created[0], replace(faulty.created[1], seq=1)]),
    }
    order = [first, *(place for place in commits if place != first)]

    answers = await asyncio.gather(
        *(store.commit(commits[place]) for place in order), return_exceptions=True
    )
    found = dict(zip(order, answers, strict=True))

    assert isinstance(found[1], Conflict)
    assert isinstance(found[2], AlreadyExists)
    assert found[2].message_ids == {old.created[0].id}
    assert isinstance(found[3], IntegrityError)
    for place in (0, 4, 5, 6):
        answer = found[place]
        assert isinstance(answer, Conversation), answer
        await assert_stored(store, answer)
    for unchanged in (before[1], sent, before[3]):
        await assert_stored(store, unchanged)
        seqs = [one.seq for one in await store.list_latest_messages(unchanged.id, limit=9)]
        assert len(seqs) == unchanged.seq


async def test_others_are_answered_if_a_refusal_cannot_be_explained(sql_store: SqlStore) -> None:
    """They are stored by the time at which the messages of the refused commit are looked up."""
    armed: list[str] = []

    def fail_once(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if armed and sql.startswith("SELECT") and armed[0] in sql:
            armed.clear()
            raise OperationalError("disk I/O error")
        return execute(sql, *rest)

    with around_queries(fail_once):
        before = await created(sql_store, 4)
        old = sending(before[1], "old")
        sent = await sql_store.commit(old)
        again = sending(sent, "again")
        again = replace(again, created=[replace(again.created[0], id=old.created[0].id)])
        commits = [sending(before[0], "first"), again, *(sending(one, "x") for one in before[2:])]
        armed.append("messaging_message")

        first, refused, *others = await asyncio.gather(
            *(sql_store.commit(commit) for commit in commits), return_exceptions=True
        )

    assert not armed
    assert isinstance(refused, AlreadyExists)
    for answer in (first, *others):
        assert isinstance(answer, Conversation), answer
        await assert_stored(sql_store, answer)


async def test_two_commits_of_one_conversation(database_store: SqlStore) -> None:
    """Of several commits that are based on one state, one is applied; the others are a Conflict."""
    store = database_store
    other, before = await created(store, 2)
    commits = [sending(other, "hello"), *(sending(before, f"{number}") for number in range(4))]

    answers = await asyncio.gather(*map(store.commit, commits), return_exceptions=True)

    assert isinstance(answers[0], Conversation)
    (applied,) = [one for one in answers[1:] if isinstance(one, Conversation)]
    assert sum(isinstance(one, Conflict) for one in answers) == 3
    await assert_stored(store, applied)


async def test_large_sends_share_with_nobody(sql_store: SqlStore) -> None:
    """A transaction takes at most 100 messages and 256 KiB of several conversations, so a large
    commit has its own, and those that came before it are answered before it."""
    before = await created(sql_store, 6)
    await sql_store.close()
    gate = Gate("INSERT")
    begun: list[str] = []

    def record(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        begun.append(sql.split(maxsplit=1)[0])
        return execute(sql, *rest)

    texts = (["0"], ["1"], ["2"], ["3"] * 100, ["4"], ["5" * 300 * 1024])
    with around_queries(record), around_queries(gate):
        commits = []
        for one, said in zip(before, texts, strict=True):
            commits.append(asyncio.create_task(sql_store.commit(sending(one, *said))))
            await asyncio.to_thread(gate.reached.wait, 10)
        gate.open()
        stored = await asyncio.gather(*commits)

    transactions = "".join(name[0] for name in begun).split("B")[1:]
    assert [one.count("S") for one in transactions] == [0, 2, 1, 1, 1]
    for one in stored:
        await assert_stored(sql_store, one)


@pytest.fixture
def interrupted(sql_store: SqlStore) -> Iterator[Callable[[str, int], None]]:
    """Interrupts the statement after the n-th of those that begin with some words."""
    armed: list[Any] = []

    def spoil(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if armed and sql.startswith(armed[0]):
            armed[1] -= 1
            if not armed[1]:
                armed.clear()
                rest[-1]["connection"].connection.set_progress_handler(lambda: 1, 1)
        return result

    with around_queries(spoil):
        yield lambda words, count: armed.extend([words, count])


@pytest.mark.parametrize(
    ("words", "count", "error"),
    [("SAVEPOINT", 2, StoreUnavailable), ("RELEASE", 3, CommitUnknown)],
    ids=["before", "at"],
)
async def test_a_lost_transaction_is_lost_for_all_in_it(
    sql_store: SqlStore,
    interrupted: Callable[[str, int], None],
    words: str,
    count: int,
    error: type[Exception],
) -> None:
    """Before COMMIT nothing was written; at COMMIT nobody knows. The first commit was its own."""
    before = await created(sql_store, 4)
    interrupted(words, count)

    first, *others = await asyncio.gather(
        *(sql_store.commit(sending(one, "hello")) for one in before), return_exceptions=True
    )

    assert isinstance(first, Conversation)
    assert [type(one) for one in others] == [error] * 3
    assert len(set(map(id, others))) == 3
    for one in before[1:]:
        await assert_stored(sql_store, one)
        await sql_store.commit(sending(one, "hello"))


async def test_close_lets_waiting_sends_finish(database_store: SqlStore) -> None:
    """A store that is closed commits first what waits."""
    before = await created(database_store, 5)
    commits = [asyncio.create_task(database_store.commit(sending(one, "hello"))) for one in before]
    await asyncio.sleep(0)  # they are in the queue

    await database_store.close()

    for one in await asyncio.gather(*commits):
        await assert_stored(database_store, one)


async def test_a_locked_conversation_delays_no_other(
    postgres_store: SqlStore, postgres_server: str
) -> None:
    """A send to a conversation that somebody has locked waits alone, and is committed once the lock
    is free."""
    locked, *others = await created(postgres_store, 6)
    with psycopg.connect(postgres_server) as other:
        other.execute("SELECT 1 FROM messaging_conversation WHERE id = %s FOR UPDATE", [locked.id])
        waiting = asyncio.create_task(postgres_store.commit(sending(locked, "hello")))
        both = sending(locked, "another")
        for _ in range(2):
            others = await asyncio.gather(
                asyncio.shield(postgres_store.commit(sending(others[0], "hello"))),
                *(postgres_store.commit(sending(one, "hello")) for one in others[1:]),
            )
        too_late = asyncio.create_task(postgres_store.commit(both))
        others = [await postgres_store.commit(sending(one, "again")) for one in others]
        assert not waiting.done()

    answers = await asyncio.gather(waiting, too_late, return_exceptions=True)
    (applied,) = [one for one in answers if isinstance(one, Conversation)]
    assert sum(isinstance(one, Conflict) for one in answers) == 1
    for one in (applied, *others):
        await assert_stored(postgres_store, one)


async def test_statements_of_sends_are_prepared_once(
    postgres_store: SqlStore, postgres_alias: str
) -> None:
    """The server keeps one prepared form of each, however many messages a commit has."""
    (conversation,) = await created(postgres_store, 1)
    for size in (1, 2, 50, 3):
        conversation = await postgres_store.commit(sending(conversation, *["hello"] * size))

    def prepared(database: BaseDatabaseWrapper) -> list[str]:
        with database.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements")
            return [statement for (statement,) in cursor.fetchall()]

    found = await postgres_store.calls.write("record", prepared)
    inserts = [sql for sql in found if sql.startswith('INSERT INTO "messaging_message"')]
    assert len(inserts) == 1
