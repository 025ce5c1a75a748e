"""A worker's health and metrics over HTTP.

This uses no framework: the core has no HTTP, and only probes read it. uvicorn waits without an end
for the rest of a request head. `prometheus_client.make_asgi_app` renders each page on the event
loop, which also pushes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from messaging.instruments.metrics_page import CONTENT_TYPE, latest_metrics
from messaging.notifications.queue.worker import Worker

_REQUEST_SECONDS = 5.0
_MAX_HEAD_BYTES = 16 * 1024
MAX_CONNECTIONS = 32


@asynccontextmanager
async def serve_health(worker: Worker, host: str, port: int | None) -> AsyncIterator[None]:
    """Serve `/health` (200, or 503 while the queue does not answer) and `/metrics`, if there is a
    port. At the end of the context open connections are aborted: no client delays the worker."""
    if port is None:
        yield
        return
    pages = _Pages(worker)
    server = await asyncio.start_server(pages.answer, host, port, limit=_MAX_HEAD_BYTES)
    try:
        yield
    finally:
        server.close()
        pages.abort()
        await server.wait_closed()


class _Pages:
    """Answers one request of each connection. A connection above the bound ends the oldest, so idle
    connections cannot block a probe."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._open: dict[asyncio.StreamWriter, None] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open[writer] = None
        if len(self._open) > MAX_CONNECTIONS:
            self._abort(next(iter(self._open)))
        writer.transport.set_write_buffer_limits(0)  # `drain` waits until everything is sent
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._response(request.split(b" ")[1].decode("latin-1")))
                await writer.drain()
        except (OSError, TimeoutError, IndexError, EOFError, asyncio.LimitOverrunError):
            self._abort(writer)  # such a request needs no answer
        else:
            writer.close()
        finally:
            self._open.pop(writer, None)

    def abort(self) -> None:
        """End all open connections."""
        for writer in tuple(self._open):
            self._abort(writer)

    def _abort(self, writer: asyncio.StreamWriter) -> None:
        self._open.pop(writer, None)
        writer.transport.abort()

    async def _response(self, path: str) -> bytes:
        if path == "/metrics":
            return _encoded("200 OK", CONTENT_TYPE, await latest_metrics())
        if path != "/health":
            return _encoded("404 Not Found", "text/plain", b"")
        if self._worker.healthy:
            return _encoded("200 OK", "application/json", b'{"status":"ok"}')
        return _encoded("503 Service Unavailable", "application/json", b'{"status":"queue away"}')


def _encoded(status: str, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("latin-1") + body
