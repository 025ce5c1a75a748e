"""Both kinds of stores, and a move from one to the other that the test drives."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from messaging.runtime.instance import Instance
from messaging.services.copying.copying import StoreCopy
from messaging.services.copying.moving import StoreMove
from messaging.services.copying.owning import owned
from messaging.stores import Stores
from messaging.stores.database.moves import MoveStore
from tests.instances import new_instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    sql: Stores
    firestore: Stores
    moves: MoveStore
    said: list[str]

    def kind(self, name: str) -> Stores:
        return self.sql if name == "sql" else self.firestore


@asynccontextmanager
async def moving(both: Both, source: str, target: str) -> AsyncIterator[StoreMove]:
    """A move that has begun."""
    async with owned(both.moves, "test"):
        assert await both.moves.begin("test", source=source, target=target)
        there, here = both.kind(source), both.kind(target)
        yield StoreMove(
            both.moves,
            StoreCopy(there, here),
            there,
            here,
            owner="test",
            say=both.said.append,
        )


@asynccontextmanager
async def started() -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        await instance.start()
        yield instance


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)
