"""What every store promises of names and pictures, and of who is or was in a conversation."""

import asyncio

import pytest

from messaging.changes.needs import Known
from messaging.domain.people import FOREVER, Profile
from messaging.stores.conversations import Commit, Store
from messaging.stores.people import PeopleStore
from tests.documents import counted_documents
from tests.unit.messaging import new_group, remove

ODD = "a.b-c:d@e_f"
PICTURE = "https://example.com/a?b=1&c=%20#d"


async def profile(people: PeopleStore, user_id: str) -> Profile:
    return (await people.get_profiles([user_id]))[user_id]


async def test_of_a_stranger_there_is_no_name(people: PeopleStore) -> None:
    """Neither of somebody of whom something else is stored."""
    await people.set_ban("bob", until=FOREVER)

    found = await people.get_profiles(["ann", "bob"])

    assert found == {"ann": Profile(user_id="ann"), "bob": Profile(user_id="bob")}
    assert await people.get_profiles([]) == {}


async def test_a_profile_is_stored_field_by_field(people: PeopleStore) -> None:
    """What is not named stays, as does everything else of the person."""
    await people.set_block(ODD, "bob", blocked=True)
    await people.set_profile(ODD, {"name": "Ann 👩‍🚀 Lee"})
    await people.set_profile(ODD, {"picture": PICTURE})
    assert await profile(people, ODD) == Profile(user_id=ODD, name="Ann 👩‍🚀 Lee", picture=PICTURE)

    await people.set_profile(ODD, {"name": ""})

    assert await profile(people, ODD) == Profile(user_id=ODD, name="", picture=PICTURE)
    assert await people.get_blocks([ODD]) == {ODD: {"bob"}}


async def test_a_token_gives_only_what_was_never_set(people: PeopleStore) -> None:
    """Neither what was removed is set again, nor what was set before; another field is."""
    await people.complete_profile("ann", {"name": "Ann", "picture": PICTURE})
    await people.complete_profile("ann", {"name": "Anna", "picture": "https://other.example/"})
    await people.set_profile("bob", {"name": ""})
    await people.complete_profile("bob", {"name": "Bob", "picture": PICTURE})

    assert await profile(people, "ann") == Profile(user_id="ann", name="Ann", picture=PICTURE)
    assert await profile(people, "bob") == Profile(user_id="bob", name="", picture=PICTURE)


async def test_of_two_tokens_at_once_one_gives_the_name(people: PeopleStore) -> None:
    names = [f"Ann {number}" for number in range(4)]

    await asyncio.gather(*(people.complete_profile("ann", {"name": name}) for name in names))

    assert (await profile(people, "ann")).name in names


async def test_what_profiles_cost(people: PeopleStore) -> None:
    """A read each; a write for a change, and a read more for what a token offers."""
    before = counted_documents()
    await people.get_profiles([f"p{number}" for number in range(100)])
    await people.set_profile("ann", {"name": "Ann"})
    await people.complete_profile("bob", {"name": "Bob"})
    counted = counted_documents()
    counted.subtract(before)

    assert (counted["read"], counted["write"]) == (101, 2)


@pytest.mark.parametrize("limit", [1, 2, 10])
async def test_who_is_or_was_in_a_conversation(
    store: Store, people: PeopleStore, limit: int
) -> None:
    """Each once, in pages, those who left too; nobody of another conversation."""
    group = await store.create_conversation(new_group("ann", "bob", ODD, "Zoe", "1"))
    await store.create_conversation(new_group("ann", "eve"))
    after = remove("ann", "bob").apply(group, Known()).conversation
    await store.commit(Commit(before=group, after=after))

    found: list[str] = []
    while page := await people.list_members(
        group.id, limit=limit, after=found[-1] if found else ""
    ):
        assert len(page) <= limit
        found += page

    assert sorted(found) == sorted(["ann", "bob", ODD, "Zoe", "1"])
    assert await people.list_members(new_group("ann").id, limit=limit) == []
