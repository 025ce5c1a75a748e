"""A search finds everything that its person may see, and nothing else, after whatever was done."""

import importlib
import pkgutil
from collections.abc import Sequence

import pytest

from messaging import changes
from messaging.runtime.instance import Instance
from messaging.search.query import parse
from messaging.services import messages, participants
from messaging.services.search.searches import search_messages
from tests.integration.search.comparing import require_equal
from tests.integration.search.world import CHANGES, PEOPLE, World

QUERIES = ("tea", "te", "coffee", '"tea coffee"', "milk sug", "the")


def test_every_change_is_tried() -> None:
    """A new kind of change needs an act in the world."""
    found = {
        one.__name__
        for module in pkgutil.walk_packages(changes.__path__, f"{changes.__name__}.")
        for one in vars(importlib.import_module(module.name)).values()
        if isinstance(one, type)
        and one.__module__.startswith(changes.__name__)
        and hasattr(one, "authorize")
        and not one.__name__.startswith("_")
    }
    assert found - {"ConversationChange"} == CHANGES


async def test_a_search_shows_what_the_store_allows_now(searching: Instance) -> None:
    await act_and_search(searching, seed=1, acts=40, queries=2)


async def test_a_deleted_group_that_everybody_had_left(searching: Instance) -> None:
    """Nothing of it stays in the index."""
    assert searching.search is not None
    world = World(searching, seed=1)
    await world.found()
    group = world.ids[0]
    await messages.send_message(searching, user_id="ann", conversation_id=group, text="tea")
    for person in ("bob", "ann"):
        await participants.remove_participant(
            searching, user_id=person, conversation_id=group, participant_id=person
        )
    await searching.search.catch_up()

    await world.delete_first()
    await searching.search.catch_up()

    await require_equal(searching)


@pytest.mark.fuzz
@pytest.mark.parametrize("seed", range(10))
async def test_a_search_shows_what_the_store_allows_after_long(
    searching: Instance, seed: int
) -> None:
    await act_and_search(searching, seed=seed, acts=200, queries=len(QUERIES))


async def act_and_search(instance: Instance, *, seed: int, acts: int, queries: int) -> None:
    """An index that is behind shows less, never more; one that has caught up shows all."""
    world = World(instance, seed)
    await world.found()
    assert instance.search is not None
    for step in range(acts):
        if step == acts // 2:
            await world.delete_first()
        await world.act()
        if step % 10 == 0:
            await instance.search.catch_up()
        user_id, q = world.random.choice(PEOPLE), world.random.choice(QUERIES)
        assert set(await shown(instance, user_id, q)) <= await allowed(world, user_id, q)
    await instance.following.sweep()  # for repairs, which no instance has committed
    await instance.search.catch_up()
    await require_equal(instance)
    for user_id in PEOPLE:
        for q in world.random.sample(QUERIES, queries):
            found = await shown(instance, user_id, q)
            assert len(found) == len(set(found))
            assert set(found) == await allowed(world, user_id, q), (user_id, q)


async def allowed(world: World, user_id: str, q: str) -> set[str]:
    """The messages that match in the store, and that the person may see."""
    query, store = parse(q), world.instance.store
    found = set()
    for conversation_id in world.ids:
        conversation = await store.get_conversation(conversation_id)
        assert conversation is not None
        participant = conversation.participants.get(user_id)
        if participant is None:
            continue
        listed = await store.list_messages(
            conversation_id, first_seq=participant.visible_from, last_seq=conversation.seq
        )
        found |= {one.id for one in listed if one.text and query.matches(one.text)}
    return found


async def shown(instance: Instance, user_id: str, q: str) -> Sequence[str]:
    """What a search shows, page by page."""
    found: list[str] = []
    cursor = None
    while True:
        page = await search_messages(
            instance, user_id=user_id, q=q, conversation_id=None, limit=3, cursor=cursor
        )
        found += [one.message.id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found
