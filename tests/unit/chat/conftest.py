"""The consumer on an instance of this process."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.runtime.app import Instance, get_instance, reset_instance
from tests.unit.chat.wire import Wire


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    database = connections.settings[DEFAULT_DB_ALIAS]
    assert database["NAME"] == database["TEST"]["NAME"]
    await reset_instance()
    yield get_instance()
    await reset_instance()


@pytest_asyncio.fixture
async def wire(instance: Instance) -> AsyncIterator[Callable[..., Wire]]:
    """Somebody's socket: `wire("ann")`."""
    wires: list[Wire] = []

    def make(user_id: str = "ann", token: str | None = None) -> Wire:
        wires.append(Wire(user_id, token))
        return wires[-1]

    yield make
    for one in wires:
        await one.end()
    assert len(instance.hub.connections) == 0
