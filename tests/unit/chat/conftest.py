"""The consumer on an instance of this process."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from chat.state import ApplicationState
from messaging.runtime.instance import Instance
from tests.instances import new_instance
from tests.unit.chat.wire import Wire


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


@pytest_asyncio.fixture
async def wire(instance: Instance) -> AsyncIterator[Callable[..., Wire]]:
    """Somebody's socket: `wire("ann")`. All have the state of one application, from the settings
    when the first one connects."""
    wires: list[Wire] = []
    states: list[ApplicationState] = []

    def make(
        user_id: str = "ann", token: str | None = None, state: ApplicationState | None = None
    ) -> Wire:
        if not states:
            states.append(state or ApplicationState(instance))
        wires.append(Wire(instance, user_id, token, state=state or states[0]))
        return wires[-1]

    yield make
    for one in wires:
        await one.end()
    for state in states:
        state.close()
    assert len(instance.hub.connections) == 0
