"""The instance of a management command, on the kind of store that is in force."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from messaging.management.stores import former_store_refused
from messaging.runtime.instance import Instance


@asynccontextmanager
async def opened_instance() -> AsyncIterator[Instance]:
    """Give an instance that is not started, and stop it in the end.

    Raises CommandError, StoreUnavailable.
    """
    instance = Instance()
    try:
        with former_store_refused():
            await instance.store_watch.choose()
        yield instance
    finally:
        await instance.stop()
