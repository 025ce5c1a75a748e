"""What a shared machine takes from the event loop, so that it is not taken for the product's."""

import asyncio
import time

from messaging.concurrency.tasks import stop_tasks


class Stalls:
    """For how long the event loop got no processor, which it shares with other tests here."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while True:
            due = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            late = time.monotonic() - due
            self._seconds += late if late > 0.02 else 0

    async def seconds(self) -> float:
        await stop_tasks(self._watching)
        return self._seconds
