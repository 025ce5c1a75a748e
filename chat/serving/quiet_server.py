"""A uvicorn that wakes once a second, not ten times, while nothing happens."""

import asyncio
import contextlib
from types import FrameType

from messaging.optional_libraries import hidden

with hidden("watchfiles"):  # it reloads changed code, for which `runserver` is there
    import uvicorn

_DATE_SECONDS = 1.0
"""The resolution of the header `Date`, which each tick renews."""
_RENEWING = 0
"""The tick at which uvicorn renews it."""


class QuietServer(uvicorn.Server):
    """Ends at once at a signal; uvicorn itself looks every tenth of a second for one."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._signalled = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(_RENEWING):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DATE_SECONDS):
                    await self._signalled.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal, between any two instructions of this thread."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._signalled.set)
