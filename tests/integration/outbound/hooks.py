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
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @asynccontextmanager
    async def run(self, port: int = 0) -> AsyncIterator["Hook"]:
        self._ended.clear()
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self._ended.set()
            for writer in tuple(self._writers):
                writer.transport.abort()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        try:
            while True:
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
                    await self._ended.wait()
                    return
                writer.write(sent)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
