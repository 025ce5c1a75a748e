"""Who is let in by an instance, on each store, whatever the dates of the changes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from messaging.delivery.hub.connections import Connections, Ending
from messaging.delivery.hub.revocation import AccessList
from messaging.domain.people import FOREVER, Access
from messaging.stores.people import PeopleStore
from tests.outlets import Outlet, make_connection


@pytest_asyncio.fixture
async def connections() -> Connections:
    return Connections()


@pytest_asyncio.fixture
async def access(people: PeopleStore, connections: Connections) -> AsyncIterator[AccessList]:
    access = AccessList(store=people, connections=connections)
    yield access
    await access.stop()


def dated_ahead(access: Access) -> Access:
    """A state as a clock that is ahead dated it."""
    assert access.changed_at is not None
    return replace(access, changed_at=access.changed_at + timedelta(hours=1))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.001)


async def test_a_ban_holds_after_a_change_with_a_later_date(
    people: PeopleStore, access: AccessList, connections: Connections
) -> None:
    """The clock was set back, or the ban waited for the logout after it was dated."""
    access.learn(dated_ahead(await people.log_out("ann")))
    outlet, signed_in_at = Outlet(lambda _: None), datetime.now(UTC) + timedelta(days=1)
    connections.add(make_connection("c", "ann", outlet, signed_in_at))

    access.learn(await people.set_ban("ann", until=FOREVER))

    await until(lambda: access.bars("ann"))
    assert outlet.ended == [Ending.ACCESS_REVOKED]


async def test_an_announced_ban_with_an_earlier_date_holds(
    people: PeopleStore, access: AccessList
) -> None:
    """What another instance announces is read, and is newer than what was known before."""
    access.learn(dated_ahead(await people.log_out("ann")))
    await people.set_ban("ann", until=FOREVER)
    answered = asyncio.Event()

    access.check("ann", answered.set)

    await asyncio.wait_for(answered.wait(), 10)
    assert access.bars("ann")


async def test_an_older_answer_changes_nothing(people: PeopleStore, access: AccessList) -> None:
    """It was read before the latest change, and arrives after it."""
    older = await people.log_out("ann")
    access.learn(await people.set_ban("ann", until=FOREVER))

    access.learn(older)

    assert access.bars("ann")
    answered = asyncio.Event()
    access.check("ann", answered.set)
    await asyncio.wait_for(answered.wait(), 10)
    assert access.bars("ann")


async def test_a_lifted_ban_of_the_same_moment(people: PeopleStore, access: AccessList) -> None:
    """Dates have the precision of a millisecond."""
    banned = await people.set_ban("ann", until=FOREVER)
    lifted = await people.set_ban("ann", until=None)
    access.learn(replace(banned, changed_at=lifted.changed_at))

    access.learn(lifted)

    await until(lambda: not access.bars("ann"))
