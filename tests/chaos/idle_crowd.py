"""Thousands of sockets that only answer heartbeats, in a process of its own: a line of JSON for
each that it reads (see `tests.benchmarks.children`).

They decode nothing, so that the client takes a fraction of what the server takes.
"""

import asyncio
import base64
import itertools
import os
import random
import resource
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from tests.benchmarks.children import carry_out

Figures = dict[str, Any]

_HEARTBEAT = b'"heartbeat"'
_PING = b'{"id": 1, "type": "ping"}'
# A mask of zeros masks nothing.
_PING_FRAME = bytes([0x81, 0x80 | len(_PING)]) + bytes(4) + _PING
_GOING_AWAY_FRAME = b"\x88\x82" + bytes(4) + (1001).to_bytes(2, "big")
_HELLO = b'"hello"'
_CONNECTING = 16
_PAUSE_SECONDS = 0.5
_OLDEST = 100
"""Those who leave are among so many, so that a look at them costs little."""


class Socket(asyncio.Protocol):
    """A WebSocket that answers each heartbeat with a ping."""

    def __init__(self, token: str) -> None:
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.leaving = False
        self.transport: asyncio.Transport
        self._token = token
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            "GET /ws/v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {self._token}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.greeted.done():
            self.greeted.set_exception(ConnectionResetError())
        elif not self.leaving:
            _counts["closed by the server"] += 1
        sockets.pop(self._token, None)

    def data_received(self, data: bytes) -> None:
        data = self._tail + data  # a word may come in two parts
        if not self.greeted.done():
            if _HELLO in data:
                self.greeted.set_result(None)
                data = b""
            self._tail = data
            return
        self._tail = data[1 - len(_HEARTBEAT) :]
        for _ in range(data.count(_HEARTBEAT)):
            _counts["heartbeats"] += 1
            self.transport.write(_PING_FRAME)

    def leave(self) -> None:
        self.leaving = True
        sockets.pop(self._token, None)
        self.transport.write(_GOING_AWAY_FRAME)
        self.transport.close()


sockets: dict[str, Socket] = {}
"""By token: one for each person."""
_counts = {"heartbeats": 0, "closed by the server": 0, "refused": 0, "late": 0, "comings": 0}


async def _come(port: int, token: str) -> None:
    """Connect, again after a pause where that fails, and wait for `hello`."""
    while True:
        try:
            _, socket = await asyncio.get_running_loop().create_connection(
                lambda: Socket(token), "127.0.0.1", port
            )
            await socket.greeted
        except OSError:
            _counts["refused"] += 1
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            sockets[token] = socket
            _counts["comings"] += 1
            return


async def connect(port: int, tokens: Sequence[str]) -> Figures:
    """Open a socket for each of these tokens, a few at a time."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    places = asyncio.Semaphore(_CONNECTING)

    async def come(token: str) -> None:
        async with places:
            await _come(port, token)

    await asyncio.gather(*map(come, tokens))
    return _figures()


async def stay(port: int, seconds: float, churn: float) -> Figures:
    """Keep all sockets open. So many a second leave, and come again at once."""
    end = due = time.monotonic()
    end += seconds
    coming: set[asyncio.Task[None]] = set()
    while time.monotonic() < end:
        due += 1 / churn if churn else 1.0
        await asyncio.sleep(max(due - time.monotonic(), 0))
        if not churn or not sockets:
            continue
        if time.monotonic() - due > 1:
            _counts["late"] += 1
        token = _any_token()
        sockets[token].leave()
        task = asyncio.create_task(_come(port, token))
        coming.add(task)
        task.add_done_callback(coming.discard)
    if coming:
        await asyncio.wait(coming)
    return _figures()


def _any_token() -> str:
    """Return that of one of those who have been connected for longest."""
    number = random.randrange(min(len(sockets), _OLDEST))
    return next(itertools.islice(sockets, number, None))


def _figures() -> Figures:
    return {"sockets": len(sockets), **_counts}


WORK: Mapping[str, Callable[..., Awaitable[Figures]]] = {
    work.__name__: work for work in (connect, stay)
}


async def main() -> None:
    await carry_out(WORK)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
