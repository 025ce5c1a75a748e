"""Which of one's own positions changed lately, on every store."""

from datetime import datetime, timedelta

from messaging.domain.participant import Notify
from messaging.stores.conversations import Store
from tests.integration.stores import new_conversation, sending

LONG_AGO = timedelta(days=1)


async def changed(
    store: Store, since: datetime | None = None, *, limit: int = 10
) -> dict[str, int]:
    """Ann's: what she has read, by conversation, the latest change first."""
    moment = await store.now() - LONG_AGO if since is None else since
    answer = await store.list_changed_positions("ann", since=moment, limit=limit)
    return {id_: position.read_seq for id_, position in answer.positions.items()}


async def next_moment(store: Store) -> datetime:
    """The store's time, once it is later than everything that was written before."""
    before = await store.now()
    while (moment := await store.now()) <= before:
        pass
    return moment


async def test_founding_changes_the_positions_of_all(store: Store) -> None:
    conversation = await store.create_conversation(new_conversation("ann", "bob"))

    assert await changed(store) == {conversation.id: 0}


async def test_reading_changes_ones_own_position(store: Store) -> None:
    """With the store's time: what changed before the answer before is not found again."""
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    await store.commit(sending(conversation, "one", "two", sender="bob"))
    await next_moment(store)
    before = await store.list_changed_positions("ann", since=await next_moment(store), limit=10)

    await store.advance_read(conversation.id, "bob", 2)
    assert await changed(store, before.read_at) == {}
    await store.advance_read(conversation.id, "ann", 2)

    assert await changed(store, before.read_at) == {conversation.id: 2}


async def test_reading_backwards_is_no_change(store: Store) -> None:
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    await store.advance_read(conversation.id, "ann", 2)
    later = await next_moment(store)

    await store.advance_read(conversation.id, "ann", 1)

    assert await changed(store, later) == {}


async def test_what_arrived_is_no_change(store: Store) -> None:
    """It moves with every message, and is nothing of one's own."""
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    later = await next_moment(store)

    await store.advance_delivered(conversation.id, "ann", 3)

    assert await changed(store, later) == {}


async def test_own_settings_are_a_change(store: Store) -> None:
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    await store.advance_read(conversation.id, "ann", 2)
    later = await next_moment(store)
    assert await changed(store, later) == {}

    await store.set_preferences(conversation.id, "ann", {"notify": Notify.NONE})

    assert await changed(store, later) == {conversation.id: 2}


async def test_the_latest_changes_come_first(store: Store) -> None:
    """And a list that is too long ends with the earliest."""
    made = [await store.create_conversation(new_conversation("ann")) for _ in range(3)]
    await next_moment(store)
    await store.advance_read(made[1].id, "ann", 1)

    found = await changed(store, limit=2)

    assert next(iter(found)) == made[1].id
    assert len(found) == 2
