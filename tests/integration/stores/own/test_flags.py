"""What a person has set in a conversation for themselves alone, on every store."""

import asyncio
from dataclasses import replace

from messaging.domain.participant import OwnFlags, Participant, ReadPosition, Role
from messaging.stores.conversations import Commit, Store
from tests.documents import counted_documents
from tests.integration.stores import new_conversation, sending

FLAGS = OwnFlags(marked_unread=2, marked_read_seq=0, pinned=True, archived_seq=0)
CHANGES = {"marked_unread": 2, "marked_read_seq": 0, "pinned": True, "archived_seq": 0}


async def own(store: Store, conversation_id: str, user_id: str = "bob") -> ReadPosition:
    return (await store.get_read_positions(user_id, [conversation_id]))[conversation_id]


async def test_flags_are_kept_beside_the_position(store: Store) -> None:
    """Each by itself. Reading and receiving keep them, and every answer has them."""
    group = await store.create_conversation(new_conversation("ann", "bob"))
    await store.commit(sending(group, "one", "two"))
    assert (await own(store, group.id)).flags == OwnFlags()

    for name, value in CHANGES.items():
        await store.set_flags(group.id, "bob", {name: value})

    advanced = await store.advance_read(group.id, "bob", 1)
    behind = await store.advance_read(group.id, "bob", 1)
    await store.advance_delivered(group.id, "bob", 2)
    position = ReadPosition(user_id="bob", read_seq=1, delivered_seq=1, flags=FLAGS)
    assert advanced.position == behind.position == position
    position = replace(position, delivered_seq=2)
    assert await own(store, group.id) == position
    assert position in await store.list_read_positions(group.id)
    assert (await own(store, group.id, "ann")).flags == OwnFlags()


async def test_flags_of_people_who_read_at_once(store: Store) -> None:
    group = await store.create_conversation(new_conversation("ann", "bob", "cid"))
    await store.commit(sending(group, "one", "two"))
    await store.set_flags(group.id, "bob", CHANGES)

    answers = await asyncio.gather(
        *(store.advance_read(group.id, user_id, 2) for user_id in ("ann", "cid", "bob", "ann"))
    )

    assert [answer.position.flags for answer in answers] == [
        *(OwnFlags(), OwnFlags()),
        *(FLAGS, OwnFlags()),
    ]


async def test_flags_are_removed(store: Store) -> None:
    group = await store.create_conversation(new_conversation("ann", "bob"))
    await store.set_flags(group.id, "bob", CHANGES)

    await store.set_flags(group.id, "bob", dict.fromkeys(CHANGES) | {"pinned": False})

    assert (await own(store, group.id)).flags == OwnFlags()


async def test_a_change_of_flags_costs_one_write(store: Store) -> None:
    """It is found by what changed lately, and the conversation stays as it is."""
    group = await store.create_conversation(new_conversation("ann", "bob"))
    since = await store.now()
    before = counted_documents()

    await store.set_flags(group.id, "bob", {"pinned": True})

    counted = counted_documents()
    counted.subtract(before)
    assert (counted["read"], counted["write"]) == (0, 1)
    changed = await store.list_changed_positions("bob", since=since, limit=2)
    assert changed.positions[group.id].flags == OwnFlags(pinned=True)
    assert await store.get_conversation(group.id) == group


async def test_a_person_who_comes_back_has_set_nothing(store: Store) -> None:
    group = await store.create_conversation(new_conversation("ann", "bob"))
    await store.set_flags(group.id, "bob", CHANGES)

    again = Participant(user_id="bob", role=Role.MEMBER, joined_version=1)
    after = replace(group, version=1, participants={**group.participants, "bob": again})
    await store.commit(
        Commit(before=group, after=after, positions=[ReadPosition(user_id="bob", read_seq=0)])
    )

    assert (await own(store, group.id)).flags == OwnFlags()
