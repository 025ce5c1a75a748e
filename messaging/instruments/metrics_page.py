"""The metrics page for Prometheus, rendered in a thread and shared by all waiting requests."""

import asyncio
import time

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST
_REST = 4
"""After each rendering, none starts for this many times its duration. So rendering takes at most a
fifth of one core, however many clients ask."""


class _Renderings:
    def __init__(self) -> None:
        self._next: asyncio.Task[bytes] | None = None
        self._not_before = 0.0

    async def latest(self) -> bytes:
        if self._next is None or self._next.get_loop() is not asyncio.get_running_loop():
            self._next = asyncio.create_task(self._render())
        return await asyncio.shield(self._next)

    async def _render(self) -> bytes:
        await asyncio.sleep(max(self._not_before - time.monotonic(), 0))
        self._next = None
        begun = time.monotonic()
        content = await asyncio.to_thread(generate_latest)
        ended = time.monotonic()
        self._not_before = ended + _REST * (ended - begun)
        return content


_renderings = _Renderings()


async def latest_metrics() -> bytes:
    """Return a rendering of all metrics in `messaging.instruments.metrics` that starts after this
    call."""
    return await _renderings.latest()
