"""Receivers of requests on the loopback address, which behave as a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from messaging.outbound.addresses import Network, parse_networks

LOOPBACK: tuple[Network, ...] = parse_networks(["127.0.0.0/8"])


@dataclass(kw_only=True)
class Received:
    head: str
    headers: dict[str, str]
    body: bytes


Answer = bytes | None
"""The bytes of the whole answer; None never answers."""
Handle = Callable[[Received], Answer | Awaitable[Answer]]


def answer(status: int = 200, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Hook:
    """A receiver. `handle` may be replaced while it runs."""

    handle: Handle = lambda _: answer()
    received: list[Received] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    tls: ssl.SSLContext | None = None
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _open: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @asynccontextmanager
    async def run(self, port: int = 0) -> AsyncIterator["Hook"]:
        self._open = True
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self._open = False  # also for connections that are accepted at this moment
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.connections += 1
        try:
            while self._open:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
                raw = {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in lines}
                body = await reader.readexactly(int(headers["content-length"]))
                got = Received(head=first, headers=raw, body=body)
                self.received.append(got)
                result = self.handle(got)
                sent = result if isinstance(result, bytes | None) else await result
                if sent is None:
                    await asyncio.Event().wait()
                    return
                writer.write(sent)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # `run` cancels it at its end
        finally:
            self._serving.discard(task)
            writer.transport.abort()
