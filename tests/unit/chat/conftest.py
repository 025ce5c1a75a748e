"""The consumer on an instance of this process."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.unit.chat.wire import Wire


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


@pytest_asyncio.fixture
async def wire(instance: Instance) -> AsyncIterator[Callable[..., Wire]]:
    """Somebody's socket: `wire("ann")`."""
    wires: list[Wire] = []

    def make(user_id: str = "ann", token: str | None = None) -> Wire:
        wires.append(Wire(instance, user_id, token))
        return wires[-1]

    yield make
    for one in wires:
        await one.end()
    assert len(instance.hub.connections) == 0
