"""The hub: what each socket gets of what was committed elsewhere.

The rules are those of the model check in the design; the last test feeds the hub random logs.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django.fixtures import Settings

from messaging.commits.conversation_cache import ConversationCache
from messaging.delivery.batch import SoftEvent
from messaging.delivery.hub import followed as following_module
from messaging.delivery.hub import gap_filler as filling_module
from messaging.delivery.hub.hub import Hub
from messaging.delivery.hub.streams import roster as roster_module
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.message import Message
from messaging.stores.sql.store import SqlStore
from messaging.wire.events import EventEncoder, EventType
from tests.unit.messaging import add, edit, remove, rename, send
from tests.unit.messaging.delivery import Elsewhere, Socket, make_hub, settle, texts


@pytest.fixture
async def group(elsewhere: Elsewhere) -> Conversation:
    return await elsewhere.found("ann", "bob", "cid")


@pytest.fixture
async def ann(hub: Hub, sql_store: SqlStore, group: Conversation) -> Socket:
    return await Socket(hub, sql_store, "ann").connect()


@pytest.fixture
async def bob(hub: Hub, sql_store: SqlStore, group: Conversation) -> Socket:
    return await Socket(hub, sql_store, "bob").connect()


# In order, none twice, none missing


async def test_everybody_gets_every_version(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket, bob: Socket
) -> None:
    for text in ("one", "two"):
        hub.accept(await elsewhere.batch(group, send(group.id, "ann", text)))

    for socket in (ann, bob):
        assert texts(socket.frames) == ["one", "two"]
        assert socket.seen == [("message.created", 1), ("message.created", 2)]


async def test_an_echo_is_dropped(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket
) -> None:
    """What was seen is not sent again, however often it comes."""
    batch = await elsewhere.batch(group, send(group.id, "ann"), send(group.id, "bob"))
    for _ in range(3):
        hub.accept(batch)

    assert ann.seen == [("message.created", 1), ("message.created", 2)]


async def test_what_is_ahead_waits_for_what_comes_before(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    ann: Socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two instances may publish out of order: nothing is read for that."""
    first = await elsewhere.batch(group, send(group.id, "ann"))
    second = await elsewhere.batch(group, send(group.id, "ann"))
    monkeypatch.setattr(filling_module, "_PATIENCE_SECONDS", 60)
    monkeypatch.setattr(elsewhere.store, "get_conversation", None)

    hub.accept(second)
    assert ann.seen == []
    hub.accept(first)

    assert ann.seen == [("message.created", 1), ("message.created", 2)]
    await hub.stop()


async def test_lost_messages_come_one_by_one(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket
) -> None:
    """Read from the store where every missing version is one message."""
    for number in range(3):
        await elsewhere.batch(group, send(group.id, "ann", str(number)))
    hub.accept(await elsewhere.batch(group, send(group.id, "ann", "last")))
    await settle(hub)

    assert texts(ann.frames) == ["0", "1", "2", "last"]
    assert ann.seen == [("message.created", version) for version in (1, 2, 3, 4)]


async def test_a_lost_last_event_is_found_once_it_is_heard_of(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket
) -> None:
    """Nothing comes after it: the beacon tells."""
    await elsewhere.commit(group, send(group.id, "ann"))

    hub.note_commit(group.id, 1, [])
    await settle(hub)

    assert ann.seen == [("message.created", 1)]


async def test_one_lost_message_is_read_with_its_conversation(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    ann: Socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which carries the latest: no look at the messages, new, edited or deleted."""
    monkeypatch.setattr(elsewhere.store, "list_changed_messages", None)
    [sent] = await elsewhere.commit(group, send(group.id, "ann", "tpyo"))
    assert sent.message is not None
    hub.note_commit(group.id, 1, [])
    await settle(hub)
    await elsewhere.commit(group, edit("ann", sent.message.id, "typo"))
    hub.note_commit(group.id, 2, [])
    await settle(hub)

    assert texts(ann.frames) == ["tpyo", "typo"]
    assert ann.seen == [("message.created", 1), ("message.updated", 2)]


async def test_what_was_heard_of_and_is_not_there_is_forgotten(
    hub: Hub, group: Conversation, ann: Socket
) -> None:
    """Reads are strongly consistent: the hub does not ask for ever."""
    hub.note_version(group.id, 7)
    await settle(hub)

    stream = hub.followed(group.id)
    assert stream is not None
    assert not stream.is_behind


async def test_superseded_versions_come_together(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket
) -> None:
    """One event stands for what can no longer be told apart, as present state."""
    [sent] = await elsewhere.commit(group, send(group.id, "ann", "tpyo"))
    assert sent.message is not None
    await elsewhere.commit(group, edit("ann", sent.message.id, "typo"))
    await elsewhere.commit(group, rename("ann", "Coffee"))
    hub.note_version(group.id, 3)
    await settle(hub)

    [frame] = ann.frames
    assert (frame["type"], frame["version"], frame["data"]["since"]) == (
        *("conversation.changes", 3),
        0,
    )
    assert [message["text"] for message in frame["data"]["messages"]] == ["typo"]
    assert frame["data"]["conversation"]["title"] == "Coffee"


async def test_too_much_to_replay_is_a_resync(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket, settings: Settings
) -> None:
    """And what follows is delivered as ever."""
    settings.CHAT_LIMITS = {"changed_messages": 2}
    for _ in range(3):
        await elsewhere.commit(group, send(group.id, "ann"))
    hub.note_version(group.id, 3)
    await settle(hub)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert ann.frames[0]["data"] == {"conversation_id": group.id}
    assert ann.seen == [("resync", None), ("message.created", 4)]


@pytest.mark.parametrize("column", ["reactions", "created_at"])
async def test_a_message_that_cannot_be_read_holds_up_nothing(
    hub: Hub,
    elsewhere: Elsewhere,
    sql_store: SqlStore,
    group: Conversation,
    ann: Socket,
    column: str,
) -> None:
    """A manual change has damaged it, as decoding or encoding shows. What follows arrives as
    ever."""
    for text in ("one", "two"):
        await elsewhere.commit(group, send(group.id, "ann", text))

    def damage(database: BaseDatabaseWrapper) -> None:
        with database.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = ON")
            cursor.execute(f"UPDATE messaging_message SET {column} = '[' WHERE seq = 1")
            cursor.execute("PRAGMA ignore_check_constraints = OFF")

    await sql_store.calls.write("damage", damage)
    hub.note_version(group.id, 2)
    await settle(hub)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann", "three")))
    await settle(hub)

    assert ann.seen == [("resync", None), ("message.created", 3)]


async def test_a_store_that_is_away_is_asked_again(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    ann: Socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until it answers."""
    await elsewhere.commit(group, send(group.id, "ann"))
    get_conversation, failures = elsewhere.store.get_conversation, 3

    async def fail_at_first(conversation_id: str) -> Conversation | None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise StoreUnavailable
        return await get_conversation(conversation_id)

    monkeypatch.setattr(elsewhere.store, "get_conversation", fail_at_first)
    hub.note_version(group.id, 1)
    await settle(hub)

    assert ann.seen == [("message.created", 1)]


@pytest.mark.parametrize("arriving", [1, 2, 3])
async def test_what_arrives_while_a_gap_is_read_does_not_come_twice(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    ann: Socket,
    monkeypatch: pytest.MonkeyPatch,
    arriving: int,
) -> None:
    """The store's answer may be older than what the hub has delivered meanwhile."""
    batches = [await elsewhere.batch(group, send(group.id, "ann")) for _ in range(2)]
    read = elsewhere.store.list_changed_messages
    answered, released = asyncio.Event(), asyncio.Event()

    async def read_slowly(*args: Any, **options: Any) -> Sequence[Message]:
        found = await read(*args, **options)
        answered.set()
        await released.wait()
        return found

    monkeypatch.setattr(elsewhere.store, "list_changed_messages", read_slowly)
    hub.note_version(group.id, 2)
    await answered.wait()
    batches.append(await elsewhere.batch(group, send(group.id, "ann")))
    for batch in batches[:arriving]:
        hub.accept(batch)
    released.set()
    await settle(hub)
    for batch in batches:
        hub.accept(batch)

    assert ann.seen == [("message.created", version) for version in (1, 2, 3)]


# People


async def test_a_removal_is_the_last_thing(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket, bob: Socket
) -> None:
    """Also within one commit; the others go on."""
    acts = [send(group.id, "ann"), remove("ann", "bob"), send(group.id, "ann")]

    hub.accept(await elsewhere.batch(group, *acts))
    hub.accept_soft(
        SoftEvent(conversation_id=group.id, user_id="ann", key="k", frame='{"data": {}}')
    )

    assert bob.seen == [("message.created", 1), ("participant.removed", 2)]
    assert [version for _, version in ann.seen if version] == [1, 2, 3]
    assert bob.connection.conversations == set()


async def test_who_was_removed_in_a_gap_gets_nothing_of_it(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket, bob: Socket
) -> None:
    """Not even what was said before the removal: only that it is over."""
    await elsewhere.commit(group, send(group.id, "ann", "before"))
    await elsewhere.commit(group, remove("ann", "bob"))
    hub.accept(await elsewhere.batch(group, send(group.id, "ann", "after")))
    await settle(hub)

    assert bob.frames[0]["data"] == {"conversation_id": group.id}
    assert bob.seen == [("conversation.removed", None)]
    assert ann.seen == [("conversation.changes", 3)]


async def test_who_came_back_in_a_gap_loads_anew(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket, bob: Socket
) -> None:
    """What was said while they were out does not come as events."""
    await elsewhere.commit(group, remove("ann", "bob"))
    await elsewhere.commit(group, send(group.id, "ann", "secret"))
    await elsewhere.commit(group, add("ann", "bob"))
    hub.note_version(group.id, 3)
    await settle(hub)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann", "welcome")))

    assert texts(bob.frames[1:]) == ["welcome"]
    assert bob.seen == [("conversation.added", None), ("message.created", 4)]
    assert ann.seen == [("conversation.changes", 3), ("message.created", 4)]


async def test_who_is_added_is_told_and_gets_what_follows(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore, ann: Socket
) -> None:
    """From their version on, in the same commit too."""
    dan = await Socket(hub, sql_store, "dan").connect()

    hub.accept(
        await elsewhere.batch(
            group, send(group.id, "ann"), add("ann", "dan"), send(group.id, "ann")
        )
    )

    assert dan.frames[0]["data"]["conversation"]["version"] == 2
    assert dan.seen == [("conversation.added", None), ("message.created", 3)]


async def test_a_conversation_that_nobody_here_was_in_is_discovered(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore
) -> None:
    """The group `instances` tells who was added: where they are, it is followed from now on."""
    dan = await Socket(hub, sql_store, "dan").connect()
    await elsewhere.commit(group, add("ann", "dan"))

    hub.note_commit(group.id, 1, ["dan"])
    await settle(hub)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert dan.seen == [("conversation.added", None), ("message.created", 2)]


async def test_nothing_is_read_for_people_who_are_not_here(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere.store, "get_conversation", None)

    hub.note_commit(group.id, 3, ["dan", "eve"])
    await settle(hub)

    assert hub.followed(group.id) is None


async def test_a_removal_outdates_the_copy(
    elsewhere: Elsewhere, sql_store: SqlStore, group: Conversation
) -> None:
    """Whoever is removed does not go on reading from what this process has cached."""
    cache = ConversationCache()
    hub = make_hub(sql_store, cache)
    await Socket(hub, sql_store, "ann").connect()
    cache.put(group)

    hub.accept(await elsewhere.batch(group, remove("ann", "bob")))

    assert cache.get(group.id) is None


async def test_what_is_being_read_is_not_forgotten(
    hub: Hub,
    elsewhere: Elsewhere,
    sql_store: SqlStore,
    group: Conversation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody here is in it any more, but somebody was added, and their event was lost."""
    monkeypatch.setattr(following_module, "_LINGER_SECONDS", 0)
    bob, dan = Socket(hub, sql_store, "bob"), Socket(hub, sql_store, "dan")
    for socket in (bob, dan):
        await socket.connect()
    bob.leave()
    await elsewhere.commit(group, add("ann", "dan"), send(group.id, "ann"))
    asked, answer = asyncio.Event(), asyncio.Event()
    real = sql_store.list_changed_messages

    async def slow(*args: Any, **options: Any) -> Any:
        asked.set()
        await answer.wait()
        return await real(*args, **options)

    monkeypatch.setattr(sql_store, "list_changed_messages", slow)
    hub.note_commit(group.id, 2, ["dan"])
    await asked.wait()
    hub.tidy()
    answer.set()
    await settle(hub)

    assert dan.seen == [("conversation.added", None)]
    dan.leave()
    hub.tidy()
    assert hub.followed(group.id) is None


async def test_a_conversation_opened_for_nobody_is_forgotten(
    hub: Hub,
    elsewhere: Elsewhere,
    sql_store: SqlStore,
    group: Conversation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A query was overtaken by its person's own removal."""
    monkeypatch.setattr(following_module, "_LINGER_SECONDS", 0)
    bob = await Socket(hub, sql_store, "bob").connect()
    again = Socket(hub, sql_store, "bob")
    query = await again.look()
    hub.accept(await elsewhere.batch(group, remove("ann", "bob")))
    bob.leave()
    hub.tidy()
    assert hub.followed(group.id) is None

    await again.arrive(query)

    assert again.named == {}
    assert hub.followed(group.id) is not None
    hub.tidy()
    assert hub.followed(group.id) is None


# Hello


async def test_hello_names_the_newer_of_store_and_hub(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore, ann: Socket
) -> None:
    """The query may be outdated, the hub may be behind: nothing comes twice, nothing is
    missing."""
    early = Socket(hub, sql_store, "bob")
    query = await early.look()
    hub.accept(await elsewhere.batch(group, send(group.id, "ann", "one")))
    await early.arrive(query)
    assert early.named[group.id]["version"] == 1

    lost = await elsewhere.batch(group, send(group.id, "ann", "two"))
    late = await Socket(hub, sql_store, "cid").connect()
    assert late.named[group.id] == {"version": 2, "seq": 2}
    hub.accept(lost)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann", "three")))

    assert texts(early.frames) == ["two", "three"]
    assert texts(late.frames) == ["three"]


async def test_hello_brings_the_hub_up_to_date(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore, ann: Socket
) -> None:
    """Who connects may know more than the hub: the others get it now."""
    await elsewhere.commit(group, send(group.id, "ann"))
    bob = await Socket(hub, sql_store, "bob").connect()
    await settle(hub)

    assert ann.seen == [("message.created", 1)]
    assert bob.seen == []


async def test_who_was_removed_since_the_query_is_not_named(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore, ann: Socket
) -> None:
    bob = Socket(hub, sql_store, "bob")
    query = await bob.look()
    hub.accept(await elsewhere.batch(group, remove("ann", "bob")))

    await bob.arrive(query)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert (bob.named, bob.seen) == ({}, [])


@pytest.mark.parametrize("remembered", [0, 50])
async def test_who_was_unconnected_when_the_log_removed_them_is_not_named(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    sql_store: SqlStore,
    ann: Socket,
    monkeypatch: pytest.MonkeyPatch,
    remembered: int,
) -> None:
    """The hub keeps none of those who are not connected: it remembers the removal, or the place
    is read again."""
    monkeypatch.setattr(roster_module, "_REMEMBERED_CHANGES", remembered)
    bob = Socket(hub, sql_store, "bob")
    query = await bob.look()
    hub.accept(await elsewhere.batch(group, remove("ann", "bob")))
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))
    assert hub.sessions.stale("bob", query) == ({group.id} if remembered == 0 else set())

    await bob.arrive(query)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert (bob.named, bob.seen) == ({}, [])


async def test_a_place_that_a_filled_gap_overtook_is_read_again(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore, ann: Socket
) -> None:
    """Nobody told the hub one by one who came and went in the gap: who stays is named with the
    version after it, who was removed is not."""
    bob, cid = Socket(hub, sql_store, "bob"), Socket(hub, sql_store, "cid")
    queries = [(one, await one.look()) for one in (bob, cid)]
    await elsewhere.commit(group, remove("ann", "bob"))
    await elsewhere.commit(group, send(group.id, "ann"))
    hub.note_commit(group.id, 2, [])
    await settle(hub)

    for socket, query in queries:
        assert hub.sessions.stale(socket.connection.user_id, query) == {group.id}
        await socket.arrive(query)

    assert bob.named == {}
    assert cid.named == {group.id: {"version": 2, "seq": 1}}


async def test_a_list_is_read_again_until_it_holds(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    sql_store: SqlStore,
    ann: Socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is overtaken each time it is read is given up, with an error that says to come again."""
    monkeypatch.setattr(roster_module, "_REMEMBERED_CHANGES", 0)
    bob = Socket(hub, sql_store, "bob")
    query = await bob.look()
    hub.accept(await elsewhere.batch(group, add("ann", "dan")))

    async def outdated(user_id: str, conversation_ids: object) -> object:
        return query

    monkeypatch.setattr(sql_store, "get_memberships", outdated)
    with pytest.raises(StoreUnavailable):
        await bob.arrive(query)


async def test_somebody_elses_place_hides_nobody(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore
) -> None:
    """Dan is connected and was added; the conversation is followed from the place of Ann, who
    came later. The batch or the beacon tells Dan all the same."""
    dan = await Socket(hub, sql_store, "dan").connect()
    eve = await Socket(hub, sql_store, "eve").connect()
    batch = await elsewhere.batch(group, add("ann", "dan"))
    await elsewhere.commit(group, add("ann", "eve"))
    await Socket(hub, sql_store, "ann").connect()
    assert (dan.seen, eve.seen) == ([], [])

    hub.accept(batch)
    await settle(hub)
    assert [kind for kind, _ in dan.seen] == ["conversation.added"]
    assert [kind for kind, _ in eve.seen] == ["conversation.added"]
    hub.note_commit(group.id, 2, ["dan", "eve"])
    await settle(hub)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert dan.seen == eve.seen == [("message.created", 3)]


async def test_only_connected_people_are_kept(
    hub: Hub, elsewhere: Elsewhere, sql_store: SqlStore
) -> None:
    """A stream does not grow with the people whom others add."""
    names = [f"person-{number}" for number in range(200)]
    group = await elsewhere.found("ann", *names)
    ann = await Socket(hub, sql_store, "ann").connect()
    stream = hub.followed(group.id)
    assert stream is not None
    assert (set(stream.participants), stream.count) == ({"ann"}, 201)

    hub.accept(await elsewhere.batch(group, add("ann", *(f"more-{n}" for n in range(100)))))
    assert (set(stream.participants), stream.count) == ({"ann"}, 301)
    await elsewhere.commit(group, remove("ann", "more-1"), send(group.id, "ann"))
    hub.note_commit(group.id, 3, [])
    await settle(hub)

    assert (set(stream.participants), stream.count, stream.version) == ({"ann"}, 300, 3)
    assert ann.seen[-1] == ("conversation.changes", 3)


async def test_who_was_added_since_the_query_is_named(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore, ann: Socket
) -> None:
    dan = Socket(hub, sql_store, "dan")
    query = await dan.look()
    hub.accept(await elsewhere.batch(group, add("ann", "dan")))

    await dan.arrive(query)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert dan.named[group.id]["version"] == 1
    assert dan.seen == [("message.created", 2)]


async def test_who_was_added_elsewhere_since_the_query_is_told(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore
) -> None:
    """The conversation is not followed here yet."""
    dan = Socket(hub, sql_store, "dan")
    query = await dan.look()
    await elsewhere.commit(group, add("ann", "dan"))
    hub.note_commit(group.id, 1, ["dan"])

    await dan.arrive(query)
    await settle(hub)

    assert dan.seen == [("conversation.added", None)]


@pytest.mark.parametrize("lost", [False, True])
async def test_who_came_back_before_the_hello_is_not_told_again(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    sql_store: SqlStore,
    ann: Socket,
    lost: bool,
) -> None:
    """The events of their leaving and coming back arrive late, or never: `hello` had it all."""
    late = [
        await elsewhere.batch(group, remove("ann", "bob")),
        await elsewhere.batch(group, add("ann", "bob")),
    ]
    bob = await Socket(hub, sql_store, "bob").connect()
    assert bob.named[group.id]["version"] == 2

    after = await elsewhere.batch(group, send(group.id, "ann"))
    for batch in [after] if lost else [*late, after]:
        hub.accept(batch)
    await settle(hub)

    assert bob.seen in ([("message.created", 3)], [("conversation.changes", 3)])
    hub.accept(await elsewhere.batch(group, remove("ann", "bob")))
    assert bob.seen == [("participant.removed", 4)]


async def test_a_state_from_before_the_hello_removes_nobody(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore, ann: Socket
) -> None:
    """A poll may have read it before, and hand it over after."""
    await elsewhere.commit(group, remove("ann", "bob"))
    outdated = await elsewhere.store.get_conversation(group.id)
    assert outdated is not None
    await elsewhere.commit(group, add("ann", "bob"))
    bob = await Socket(hub, sql_store, "bob").connect()

    hub.on_polled_state(outdated)
    await settle(hub)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert bob.seen == [("message.created", 3)]


# Sync


async def test_a_synced_conversation_is_live(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sql_store: SqlStore
) -> None:
    """Though `hello` did not name it."""
    bob = Socket(hub, sql_store, "bob")
    await bob.arrive([])

    assert hub.sessions.admit(bob.connection, group)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert bob.seen == [("message.created", 1)]


async def test_a_sync_answer_that_was_overtaken_by_a_removal(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket, bob: Socket
) -> None:
    """It is checked against the hub again when it is sent."""
    read = await elsewhere.store.get_conversation(group.id)
    assert read is not None
    hub.accept(await elsewhere.batch(group, remove("ann", "bob")))

    assert not hub.sessions.admit(bob.connection, read)
    assert hub.sessions.admit(ann.connection, read)


# Following


async def test_a_conversation_is_let_go_a_minute_after_the_last_one(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    sql_store: SqlStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And picked up again where it is known to be, never further back."""
    bob = Socket(hub, sql_store, "bob")
    outdated = await bob.look()
    await Socket(hub, sql_store, "ann").connect()
    (ann,) = hub.connections.of("ann")
    hub.accept(await elsewhere.batch(group, remove("ann", "bob")))
    hub.sessions.disconnect(ann)
    hub.tidy()
    assert hub.followed(group.id) is not None

    minute_later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: minute_later)
    hub.tidy()
    assert hub.followed(group.id) is None

    await bob.arrive(outdated)
    assert bob.named == {}


async def test_whoever_comes_back_in_time_keeps_it(
    hub: Hub,
    elsewhere: Elsewhere,
    group: Conversation,
    ann: Socket,
    sql_store: SqlStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann.leave()
    again = await Socket(hub, sql_store, "ann").connect()
    minute_later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: minute_later)
    hub.tidy()

    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    assert again.seen == [("message.created", 1)]
    assert ann.seen == []


async def test_what_a_poll_finds_is_delivered(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket
) -> None:
    """Of a conversation that is followed and of one that is new here, each conversation being
    read once."""
    other = await elsewhere.found("ann")
    for conversation in (group, other):
        await elsewhere.commit(conversation, send(conversation.id, "ann"))
    found = [await elsewhere.store.get_conversation(one.id) for one in (group, other)]

    for state in found:
        assert state is not None
        hub.on_polled_state(state)
        hub.on_polled_state(state)
    await settle(hub)

    assert ann.seen == [("conversation.added", None), ("message.created", 1)]


async def test_a_poll_finds_a_removal(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket, bob: Socket
) -> None:
    """Whoever was removed gets nothing of what was missed, however it was found."""
    await elsewhere.commit(group, send(group.id, "ann"), remove("ann", "bob"))
    await elsewhere.commit(group, send(group.id, "ann"))
    state = await elsewhere.store.get_conversation(group.id)
    assert state is not None

    hub.on_polled_state(state)
    await settle(hub)

    assert bob.seen == [("conversation.removed", None)]
    assert ann.seen == [("conversation.changes", 3)]


async def test_a_poll_that_was_overtaken_changes_nothing(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket
) -> None:
    old = await elsewhere.store.get_conversation(group.id)
    assert old is not None
    hub.accept(await elsewhere.batch(group, send(group.id, "ann")))

    hub.on_polled_state(old)
    await settle(hub)

    assert ann.seen == [("message.created", 1)]


async def test_soft_events_go_to_participants_only(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, ann: Socket, bob: Socket
) -> None:
    """One's own sockets get a frame of their own, or none."""
    events = EventEncoder("i-1", "boot")
    heartbeat = events.soft(EventType.HEARTBEAT, {})
    hub.accept_soft(
        SoftEvent(
            conversation_id=group.id,
            user_id="bob",
            key="k",
            frame=heartbeat,
            own_frame=events.resync(group.id),
        )
    )
    hub.accept_soft(SoftEvent(conversation_id=group.id, user_id="ann", key="k", frame=heartbeat))

    assert ann.seen == [("heartbeat", None)]
    assert bob.seen == [("resync", None), ("heartbeat", None)]


async def test_a_second_socket_needs_no_query(
    hub: Hub, sql_store: SqlStore, elsewhere: Elsewhere, group: Conversation, ann: Socket
) -> None:
    """The hub knows what the first was told, unless additions may have gone unheard."""
    left = await elsewhere.found("bob", "ann")
    hub.announce(left)
    hub.accept(await elsewhere.batch(group, send(group.id, "ann", "hello")))
    hub.accept(await elsewhere.batch(left, remove("bob", "ann")))
    second, third = Socket(hub, sql_store, "ann"), Socket(hub, sql_store, "ann")

    assert hub.sessions.reconnect(second.connection) == {group.id: {"version": 1, "seq": 1}}
    hub.accept(await elsewhere.batch(group, send(group.id, "ann", "again")))
    assert second.seen == [("message.created", 2)]

    hub.sessions.invalidate_lists()
    assert hub.sessions.reconnect(third.connection) is None
