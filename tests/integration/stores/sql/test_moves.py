"""Read positions on SQL: their statements, and the transactions that they share."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError

from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.participant import ReadPosition
from messaging.stores.positions import Advanced
from messaging.stores.sql.store import SqlStore
from tests.integration.stores import eventually, new_conversation
from tests.integration.stores.sql.sql_spies import Gate, around_queries

PEOPLE = [f"person-{number}" for number in range(20)]


@pytest.fixture
async def conversations(database_store: SqlStore) -> Sequence[Conversation]:
    return [await database_store.create_conversation(new_conversation(*PEOPLE)) for _ in range(3)]


async def positions(store: SqlStore, conversation: Conversation) -> dict[str, ReadPosition]:
    return {one.user_id: one for one in await store.list_read_positions(conversation.id)}


async def test_positions_at_once_share_transactions(
    database_store: SqlStore, conversations: Sequence[Conversation]
) -> None:
    """The first moves at once; those that come meanwhile, of several conversations, move
    together."""
    await database_store.close()
    transactions: list[str] = []

    def record(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(("BEGIN", "WITH", "UPDATE")):
            transactions.append(sql.split(maxsplit=1)[0])
        return execute(sql, *rest)

    moves = [(one.id, user_id) for one in conversations for user_id in PEOPLE]
    with around_queries(record):
        answers = await asyncio.gather(
            *(database_store.advance_read(*key, seq) for seq, key in enumerate(moves, 1))
        )

    # On PostgreSQL each statement is a transaction.
    assert (transactions.count("BEGIN"), transactions.count("WITH")) in ((2, 0), (0, 1))
    for seq, (answer, (_, user_id)) in enumerate(zip(answers, moves, strict=True), 1):
        position = ReadPosition(user_id=user_id, read_seq=seq, delivered_seq=seq)
        assert answer == Advanced(position=position, moved=True)
    found = [
        one for place in conversations for one in (await positions(database_store, place)).values()
    ]
    assert sorted(one.read_seq for one in found) == [*range(1, len(moves) + 1)]


async def test_each_is_answered_with_the_position_that_holds(
    database_store: SqlStore, conversations: Sequence[Conversation]
) -> None:
    """In a shared transaction too: a position that is behind, one that did not exist, and one that
    was delivered further. A conversation that does not exist fails alone."""
    store, (conversation, *_) = database_store, conversations
    await store.advance_read(conversation.id, "person-1", 7)
    await store.advance_delivered(conversation.id, "person-2", 9)

    answers = await asyncio.gather(
        store.advance_read(conversation.id, "person-0", 1),
        store.advance_read(conversation.id, "person-1", 5),
        store.advance_read(conversation.id, "person-2", 5),
        store.advance_read(conversation.id, "new", 3),
        store.advance_read(conversation.id, "newer", 0),
        store.advance_read("missing", "person-3", 5),
        store.advance_read(conversation.id, "person-4", 5),
        return_exceptions=True,
    )

    def advanced(user_id: str, read: int, delivered: int, *, moved: bool) -> Advanced:
        position = ReadPosition(user_id=user_id, read_seq=read, delivered_seq=delivered)
        return Advanced(position=position, moved=moved)

    assert isinstance(answers.pop(5), IntegrityError)
    assert answers == [
        advanced("person-0", 1, 1, moved=True),
        advanced("person-1", 7, 7, moved=False),
        advanced("person-2", 5, 9, moved=True),
        advanced("new", 3, 3, moved=True),
        advanced("newer", 0, 0, moved=False),
        advanced("person-4", 5, 5, moved=True),
    ]
    found = await positions(store, conversation)
    for answer in answers:
        assert isinstance(answer, Advanced)
        assert found[answer.position.user_id] == answer.position


async def test_a_lost_transaction_is_unavailable_for_all_in_it(sql_store: SqlStore) -> None:
    """Each has its own error, and may try again."""
    conversation = await sql_store.create_conversation(new_conversation(*PEOPLE[:4]))
    await sql_store.close()
    updates: list[str] = []

    def interrupt(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith("UPDATE"):
            updates.append(sql)
            if len(updates) == 3:
                rest[-1]["connection"].connection.set_progress_handler(lambda: 1, 1)
        return result

    with around_queries(interrupt):
        first, *others = await asyncio.gather(
            *(sql_store.advance_read(conversation.id, user_id, 1) for user_id in PEOPLE[:4]),
            return_exceptions=True,
        )

    assert isinstance(first, Advanced)
    assert [type(one) for one in others] == [StoreUnavailable] * 3
    assert len(set(map(id, others))) == 3
    for user_id in PEOPLE[1:4]:
        again = await eventually(lambda: sql_store.advance_read(conversation.id, user_id, 1))  # noqa: B023
        assert again.moved


async def test_a_caller_that_gives_up_leaves_the_others(sql_store: SqlStore) -> None:
    """A cancelled move that waited is never written; the others are."""
    conversation = await sql_store.create_conversation(new_conversation(*PEOPLE[:4]))
    await sql_store.close()
    gate = Gate("UPDATE")
    with around_queries(gate):
        moves = [
            asyncio.create_task(sql_store.advance_read(conversation.id, user_id, 1))
            for user_id in PEOPLE[:4]
        ]
        await asyncio.to_thread(gate.reached.wait, 10)
        moves[2].cancel()
        await asyncio.wait([moves[2]])
        gate.open()
        answers = await asyncio.gather(*moves, return_exceptions=True)

    assert [isinstance(one, Advanced) for one in answers] == [True, True, False, True]
    found = await positions(sql_store, conversation)
    assert [found[user_id].read_seq for user_id in PEOPLE[:4]] == [1, 1, 0, 1]


async def test_a_locked_position_delays_no_other(
    postgres_store: SqlStore, postgres_server: str
) -> None:
    """A move of a position that somebody has locked waits alone."""
    store = postgres_store
    conversation = await store.create_conversation(new_conversation(*PEOPLE))
    with psycopg.connect(postgres_server) as other:
        other.execute(
            "SELECT 1 FROM messaging_read_position WHERE conversation_id = %s AND user_id = %s"
            " FOR UPDATE",
            [conversation.id, PEOPLE[1]],
        )
        locked, *free = (
            asyncio.create_task(store.advance_read(conversation.id, user_id, 1))
            for user_id in [PEOPLE[1], PEOPLE[0], *PEOPLE[2:]]
        )
        await asyncio.gather(*free)
        again = asyncio.create_task(store.advance_read(conversation.id, PEOPLE[1], 2))
        await asyncio.gather(
            *(store.advance_read(conversation.id, user_id, 2) for user_id in PEOPLE[2:])
        )
        assert not locked.done()
        assert not again.done()

    answers = await asyncio.gather(locked, again)
    assert any(answer.position.read_seq == 2 and answer.moved for answer in answers)
    found = await positions(store, conversation)
    assert [found[user_id].read_seq for user_id in PEOPLE] == [1, *[2] * 19]


async def test_two_instances_do_not_wait_for_each_other(
    postgres_store: SqlStore, postgres_alias: str
) -> None:
    """Two instances move the same positions in opposite orders, each forward to the highest."""
    other = SqlStore(using=postgres_alias)
    conversation = await postgres_store.create_conversation(new_conversation(*PEOPLE))
    for seq in range(1, 30, 2):
        await asyncio.gather(
            *(postgres_store.advance_read(conversation.id, one, seq) for one in PEOPLE),
            *(other.advance_read(conversation.id, one, seq + 1) for one in reversed(PEOPLE)),
        )
        found = await positions(postgres_store, conversation)
        assert {one.read_seq for one in found.values()} == {seq + 1}
    await other.close()
