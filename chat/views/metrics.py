"""Metrics of this process, for Prometheus."""

import asyncio
import time

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

_REST = 4
"""After each rendering, this many times as long none is made: a fifth of one core at most, however
many ask."""


class _Renderings:
    """Metrics as they are, rendered in a thread; requests that wait share one rendering."""

    def __init__(self) -> None:
        self._next: asyncio.Task[bytes] | None = None
        self._not_before = 0.0

    async def latest(self) -> bytes:
        """Return a rendering that begins after this was called."""
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


async def metrics(request: HttpRequest) -> HttpResponse:
    """Everything in `messaging.metrics`, in Prometheus' text format. Figures only, but not for
    everybody: a proxy should keep this path to itself."""
    return HttpResponse(await _renderings.latest(), content_type=CONTENT_TYPE_LATEST)
