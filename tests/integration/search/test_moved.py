"""After a move to the other kind of store, the index goes on where it was."""

import pytest

from messaging.runtime.instance import Instance
from messaging.services.copying.copying import StoreCopy
from messaging.stores import make_stores
from tests.instances import new_instance
from tests.integration.search.comparing import end_leases, require_equal
from tests.integration.search.test_found import QUERIES, allowed, shown
from tests.integration.search.world import PEOPLE, World
from tests.integration.stores.exchange.chats import close, stores_of


@pytest.mark.parametrize("stored", ["sql"], indirect=True)
async def test_the_index_goes_on_after_a_move(searching: Instance, firestore_emulator: str) -> None:
    """It is a few changes behind when the instances of the former store stop."""
    assert searching.search is not None
    before = World(searching, seed=4)
    await before.found()
    await act(before, 40)
    await searching.search.catch_up()
    await act(before, 5)
    source = make_stores("sql")
    with stores_of("firestore", emulator=firestore_emulator) as target:
        await StoreCopy(source, target).copy_everything()
        await close(source)
        await close(target)
        await end_leases()
        async with new_instance() as moved:
            assert moved.search is not None
            after = World(moved, seed=5)
            await after.found()
            assert set(after.ids) == set(before.ids)
            await act(after, 40)
            await moved.following.sweep()
            await moved.search.catch_up()

            await require_equal(moved)
            for user_id in PEOPLE:
                for q in QUERIES:
                    assert set(await shown(moved, user_id, q)) == await allowed(after, user_id, q)


async def act(world: World, times: int) -> None:
    for _ in range(times):
        await world.act()
