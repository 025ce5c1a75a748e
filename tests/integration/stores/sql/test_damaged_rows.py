"""Rows that cannot be read: lists leave them out, find what comes after them, and quote nothing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
import pytest_asyncio
import structlog
from django.db.backends.base.base import BaseDatabaseWrapper

from messaging.domain.conversation import Conversation
from messaging.domain.health import Condition
from messaging.stores.conversations import STORE_FAILURES
from messaging.stores.damage import UNREADABLE
from messaging.stores.sql.catalogue import SqlCatalogue
from messaging.stores.sql.store import SqlStore
from tests.integration.personal_data import PAST
from tests.integration.stores import new_conversation, sending
from tests.integration.stores.sql.sql_spies import recorded_queries

_NUMBER = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    user_id: str
    found: Sequence[Conversation]
    """All conversations, the one with the latest activity first."""
    damaged: Conversation

    @property
    def sound(self) -> Sequence[str]:
        return [one.id for one in self.found if one.id != self.damaged.id]


@pytest_asyncio.fixture
async def scene(database_store: SqlStore, request: pytest.FixtureRequest) -> Scene:
    user_id = f"ann-{new_conversation('x').id}"
    found: list[Conversation] = []
    for _ in range(_NUMBER):
        stored = await database_store.create_conversation(new_conversation(user_id, "bob"))
        found.append(await database_store.commit(sending(stored, "secret", sender=user_id)))
    # As lists do: two commits may have the same millisecond.
    found.sort(key=lambda one: (one.active_at, one.id), reverse=True)
    return Scene(user_id=user_id, found=found, damaged=found[4])


@pytest.fixture
def queries() -> Iterator[list[str]]:
    """The SQL of the store so far."""
    with recorded_queries() as executed:
        yield executed


async def _damage(store: SqlStore, conversation: Conversation, column: str, value: str) -> None:
    def write(database: BaseDatabaseWrapper) -> None:
        with database.cursor() as cursor:
            if database.vendor == "sqlite":
                cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute(
                f"UPDATE messaging_conversation SET {column} = {value} WHERE id = %s",
                [conversation.id],
            )
            if database.vendor == "sqlite":
                cursor.execute("PRAGMA ignore_check_constraints = OFF")

    await store.calls.write("damage", write)


def _broken_sent(user_id: str) -> str:
    return "'" + json.dumps({user_id: "king"}) + "'"


async def test_lists_leave_out_a_number_that_is_none(
    database_store: SqlStore, scene: Scene
) -> None:
    """`hello` reads it."""
    store, user_id = database_store, scene.user_id
    await _damage(store, scene.damaged, "sent_seq", _broken_sent(user_id))

    for personal in (False, True):
        listed = await store.list_memberships(user_id, limit=100, personal=personal)
        assert [one.conversation_id for one in listed] == scene.sound
    named = [one.id for one in scene.found]
    got = await store.get_memberships(user_id, named)
    assert {one.conversation_id for one in got} == set(scene.sound)
    assert [one.sent_seq for one in got] == [1] * (_NUMBER - 1)
    page = await store.list_own_conversations(user_id, limit=100, people=50)
    assert [one.id for one in page.conversations] == scene.sound
    assert list(page.unreadable) == [scene.damaged.id]


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
async def test_pages_go_on_after_it(database_store: SqlStore, scene: Scene, limit: int) -> None:
    store, user_id = database_store, scene.user_id
    broken = json.dumps({user_id: {"muted_until": "king"}})
    await _damage(store, scene.damaged, "preferences", f"'{broken}'")
    await _damage(store, scene.found[0], "frozen", "TRUE")
    await _damage(store, scene.damaged, "frozen", "TRUE")
    await _damage(store, scene.found[-1], "frozen", "TRUE")

    own: list[str] = []
    whole: list[str] = []
    own_cursor: str | None = None
    cursor: str | None = None
    while True:
        listed = await store.list_own_conversations(
            user_id, limit=limit, people=50, cursor=own_cursor
        )
        page = await store.list_conversations(user_id, limit=limit, cursor=cursor)
        own += [one.id for one in listed.conversations]
        whole += [one.id for one in page.conversations]
        own_cursor, cursor = listed.next_cursor, page.next_cursor
        if own_cursor is None or cursor is None:
            break
    assert own == whole == scene.sound
    changed = await store.list_changed_conversations(since=PAST)
    assert scene.damaged.id in changed.unreadable
    assert {one.id for one in changed.conversations} >= set(scene.sound)

    catalogue = SqlCatalogue(store)
    first = await catalogue.list_conversations(limit=_NUMBER - 1)
    assert [one.id for one in first] == scene.sound
    frozen: list[str] = []
    while some := await catalogue.list_frozen(limit=limit, after=frozen[-1] if frozen else ""):
        frozen += [one.id for one in some]
    assert {scene.found[0].id, scene.found[-1].id} <= set(frozen)
    assert scene.damaged.id not in frozen


@pytest.mark.parametrize(
    ("column", "value"),
    [("title", "CAST(x'736563726574ff' AS TEXT)"), ("preferences", "'secret'")],
    ids=["not UTF-8", "not JSON"],
)
async def test_what_sqlite_cannot_read(sql_store: SqlStore, column: str, value: str) -> None:
    """Its driver reports it as a database that is gone. However often it is read, the store counts
    as working."""
    damaged = await sql_store.create_conversation(new_conversation("ann", "bob"))
    sound = await sql_store.create_conversation(new_conversation("ann", "cid"))
    await _damage(sql_store, damaged, column, value)

    with structlog.testing.capture_logs() as lines:
        for _ in range(2 * STORE_FAILURES):
            page = await sql_store.list_own_conversations("ann", limit=100, people=50)
            assert [one.id for one in page.conversations] == [sound.id]
            changed = await sql_store.list_changed_conversations(since=PAST)
            assert list(changed.unreadable) == [damaged.id]
            with pytest.raises(UNREADABLE) as refused:
                await sql_store.get_conversation(damaged.id)
            assert "secret" not in str(refused.value)
    assert {line["event"] for line in lines} == {"conversation.unreadable"}
    assert sql_store.condition is Condition.OK


async def test_it_costs_few_queries_more(
    queries: list[str], database_store: SqlStore, scene: Scene
) -> None:
    """Not one for each conversation, and none without damage."""
    store, user_id = database_store, scene.user_id
    queries.clear()
    await store.list_memberships(user_id, limit=100)
    assert len(queries) == 1
    await _damage(store, scene.damaged, "sent_seq", _broken_sent(user_id))
    queries.clear()
    await store.list_memberships(user_id, limit=100)
    assert len(queries) < _NUMBER


@pytest.mark.parametrize("column", ["active_at", "updated_at"])
@pytest.mark.parametrize("value", ["'king'", "'2999-13-45 00:00:00'", "''"])
async def test_a_time_that_sqlite_cannot_read(sql_store: SqlStore, column: str, value: str) -> None:
    """Lists are in the order of these times, and pages end at them."""
    first, damaged, last = [
        await sql_store.create_conversation(new_conversation("ann", "bob")) for _ in range(3)
    ]
    await _damage(sql_store, damaged, column, value)

    own: list[str] = []
    cursor: str | None = None
    while True:
        page = await sql_store.list_own_conversations("ann", limit=2, people=50, cursor=cursor)
        own += [one.id for one in page.conversations]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert own == [last.id, first.id]
    assert {one.conversation_id for one in await sql_store.list_memberships("ann", limit=9)} >= {
        first.id,
        last.id,
    }
    changed = await sql_store.list_changed_conversations(since=PAST)
    assert {one.id for one in changed.conversations} == {first.id, last.id}
    latest = await SqlCatalogue(sql_store).list_conversations(limit=2)
    assert [one.id for one in latest] == [last.id, first.id]
