"""The lease of the command that moves or copies the store: there is one at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.domain.exceptions import StoreUnavailable
from messaging.stores.database.moves import MoveStore
from messaging.stores.switching.move import Busy, Move

__all__ = ["Busy", "LeaseLost", "owned"]

_LEASE_SECONDS = 20.0
_RENEW_SECONDS = 4.0


class LeaseLost(Exception):
    """The command could not renew its lease in time, so that another one may have it."""


@asynccontextmanager
async def owned(moves: MoveStore, owner: str) -> AsyncIterator[Move]:
    """Hold the lease, and give the state of the move. A body that loses the lease is cancelled.

    Raises Busy if another command has it, LeaseLost, StoreUnavailable.
    """
    move = await moves.acquire(owner, seconds=_LEASE_SECONDS)
    body = asyncio.current_task()
    assert body is not None
    lost = False

    async def renew() -> None:
        nonlocal lost
        loop = asyncio.get_running_loop()
        renewed_at = loop.time()
        while loop.time() - renewed_at < _LEASE_SECONDS:
            await asyncio.sleep(_RENEW_SECONDS)
            begun = loop.time()
            with suppress(StoreUnavailable):
                if not await moves.renew(owner, seconds=_LEASE_SECONDS):
                    break
                renewed_at = begun
        lost = True
        body.cancel()

    renewing = start_task(renew())
    try:
        yield move
    except asyncio.CancelledError:
        if not lost:
            raise
        body.uncancel()
        raise LeaseLost from None
    finally:
        await stop_tasks(renewing)
        with suppress(StoreUnavailable):
            await moves.release(owner)
