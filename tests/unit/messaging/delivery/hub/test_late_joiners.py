"""What people get who joined a conversation late, and see its messages since then."""

from collections.abc import Mapping

import pytest
from msgspec import UNSET

from messaging.delivery.hub import gaps as gaps_module
from messaging.delivery.hub.hub import Hub
from messaging.domain.conversation import Conversation, History
from messaging.stores.sql.store import SqlStore
from tests.unit.messaging import add, delete, edit, remove, rename, send
from tests.unit.messaging.delivery import Elsewhere, Frame, Socket, settle

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = ("ann", "bob", "cid")
"""Ann is there from the beginning, Bob since the second message, Cid since the third one."""


@pytest.fixture
async def group(elsewhere: Elsewhere) -> Conversation:
    group = await elsewhere.found("ann", history=History.SINCE_JOINING)
    await elsewhere.commit(group, send(group.id, "ann", "one", "1"))
    await elsewhere.commit(group, add("ann", "bob"))
    await elsewhere.commit(group, send(group.id, "ann", "two", "2"))
    await elsewhere.commit(group, add("ann", "cid"))
    return group


@pytest.fixture
async def sockets(hub: Hub, sql_store: SqlStore, group: Conversation) -> Mapping[str, Socket]:
    return {person: await Socket(hub, sql_store, person).connect() for person in PEOPLE}


async def message_ids(store: SqlStore, group: Conversation) -> list[str]:
    return [one.id for one in await store.list_messages(group.id, first_seq=1, last_seq=9)]


def got(sockets: Mapping[str, Socket]) -> dict[str, Frame]:
    """The only frame of each."""
    frames = {}
    for person, socket in sockets.items():
        (frames[person],) = socket.frames
        socket.frames = []
    return frames


def shown(frame: Frame) -> tuple[str, list[str | None], str | None]:
    """The kind of frame, the texts of its messages, and that of the latest message."""
    data = frame["data"]
    messages = [data["message"]] if "message" in data else data.get("messages", [])
    last = data.get("conversation", {}).get("last_message")
    return frame["type"], [one["text"] for one in messages], last and last["text"]


@pytest.mark.parametrize("arrives", [True, False], ids=["event", "gap"])
async def test_a_change_of_an_earlier_message(
    hub: Hub,
    elsewhere: Elsewhere,
    sql_store: SqlStore,
    group: Conversation,
    sockets: Mapping[str, Socket],
    arrives: bool,
) -> None:
    """The cursor of everyone moves; the conversation is as each may see it."""
    first, second = await message_ids(sql_store, group)

    async def carry(*acts: object) -> dict[str, Frame]:
        batch = await elsewhere.batch(group, *acts)  # type: ignore[arg-type]
        if arrives:
            hub.accept(batch)
        else:
            hub.note_version(group.id, batch.deliveries[-1].version)
            await settle(hub)
        return got(sockets)

    frames = await carry(edit("ann", first, "ONE"))
    assert shown(frames["ann"]) == ("message.updated", ["ONE"], None)
    assert shown(frames["bob"]) == ("conversation.changes", [], "two")
    assert shown(frames["cid"]) == ("conversation.changes", [], None)
    for person in ("bob", "cid"):
        assert (frames[person]["version"], frames[person]["data"]["since"]) == (5, 4)
        assert frames[person]["data"]["conversation"]["version"] == 5

    frames = await carry(delete("ann", second))
    assert shown(frames["ann"]) == shown(frames["bob"]) == ("message.deleted", [None], None)
    assert shown(frames["cid"]) == ("conversation.changes", [], None)
    assert frames["cid"]["data"]["conversation"]["uncounted"] == [[2, 2]]

    frames = await carry(send(group.id, "ann", "three", "3"))
    assert [shown(frame) for frame in frames.values()] == [("message.created", ["three"], None)] * 3


async def test_a_change_of_the_conversation(
    hub: Hub, elsewhere: Elsewhere, group: Conversation, sockets: Mapping[str, Socket]
) -> None:
    """Everybody gets the event; the latest message is null for whom it does not concern."""
    hub.accept(await elsewhere.batch(group, rename("ann", "Coffee")))

    frames = got(sockets)

    assert [shown(frame) for frame in frames.values()] == [
        ("conversation.updated", [], "two"),
        ("conversation.updated", [], "two"),
        ("conversation.updated", [], None),
    ]
    assert frames["cid"]["data"]["conversation"]["title"] == "Coffee"


@pytest.mark.parametrize("arrives", [True, False], ids=["event", "state"])
async def test_who_is_added_is_not_shown_the_latest_message(
    hub: Hub,
    elsewhere: Elsewhere,
    sql_store: SqlStore,
    group: Conversation,
    sockets: Mapping[str, Socket],
    arrives: bool,
) -> None:
    dan = Socket(hub, sql_store, "dan")
    await dan.connect()
    batch = await elsewhere.batch(group, add("ann", "dan"))

    if arrives:
        hub.accept(batch)
    else:
        hub.note_commit(group.id, batch.deliveries[-1].version, ["dan"])
        await settle(hub)

    (frame,) = dan.frames
    assert shown(frame) == ("conversation.added", [], None)
    assert frame["data"]["conversation"]["seq"] == 2


async def test_somebody_who_is_removed_in_the_same_commit(
    hub: Hub,
    elsewhere: Elsewhere,
    sql_store: SqlStore,
    group: Conversation,
    sockets: Mapping[str, Socket],
) -> None:
    """They are shown nothing of the message either."""
    first, _ = await message_ids(sql_store, group)

    hub.accept(await elsewhere.batch(group, edit("ann", first, "ONE"), remove("ann", "cid")))

    assert [shown(frame) for frame in sockets["cid"].frames] == [
        ("conversation.changes", [], None),
        ("participant.removed", [], None),
    ]


async def test_a_gap_with_too_many_forms_is_synced(
    hub: Hub,
    elsewhere: Elsewhere,
    sql_store: SqlStore,
    group: Conversation,
    sockets: Mapping[str, Socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Encoding each would delay everyone."""
    monkeypatch.setattr(gaps_module, "_MAX_GROUPS", 2)
    first, second = await message_ids(sql_store, group)
    await elsewhere.commit(group, edit("ann", first, "ONE"))
    await elsewhere.commit(group, edit("ann", second, "TWO"))

    hub.note_version(group.id, 6)
    await settle(hub)

    kinds = [[frame["type"] for frame in socket.frames] for socket in sockets.values()]
    assert kinds.count(["resync"]) == 1
    assert all(kinds)


async def test_a_conversation_without_late_joiners_has_one_frame(
    elsewhere: Elsewhere, sql_store: SqlStore
) -> None:
    """Nothing is encoded twice, and nothing is added to the message between instances."""
    group = await elsewhere.found("ann", "bob", history=History.SINCE_JOINING)
    await elsewhere.commit(group, send(group.id, "ann", "one", "1"))
    (first,) = await message_ids(sql_store, group)

    for act in (edit("ann", first, "ONE"), rename("ann", "Coffee"), delete("ann", first)):
        batch = await elsewhere.batch(group, act)
        assert batch.replacements is UNSET
