"""A worker's health and metrics over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from messaging.instruments.metrics_page import CONTENT_TYPE, latest_metrics
from messaging.notifications.queue.worker import Worker

_REQUEST_SECONDS = 5.0


@asynccontextmanager
async def serve_health(worker: Worker, host: str, port: int | None) -> AsyncIterator[None]:
    """Serve `/health` (200, or 503 while the queue does not answer) and `/metrics`, if there is a
    port. This uses no framework: the core has no HTTP, and only probes read it."""
    if port is None:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _response(worker, request.split(b" ")[1].decode("latin-1")))
                await writer.drain()
        except (OSError, TimeoutError, ValueError, IndexError, EOFError):
            pass  # such a request needs no answer
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host, port)
    async with server:
        yield


async def _response(worker: Worker, path: str) -> bytes:
    if path == "/metrics":
        return _encoded("200 OK", CONTENT_TYPE, await latest_metrics())
    if path != "/health":
        return _encoded("404 Not Found", "text/plain", b"")
    if worker.healthy:
        return _encoded("200 OK", "application/json", b'{"status":"ok"}')
    return _encoded("503 Service Unavailable", "application/json", b'{"status":"queue away"}')


def _encoded(status: str, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("latin-1") + body
