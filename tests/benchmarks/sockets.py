"""Sockets by the thousand, in a process of its own: a line of JSON for each that it reads.

They count what arrives and decode nothing: a frame of interest has one MARK in it. So the client
takes a fraction of what the server takes, and it is the server that is measured.
"""

import asyncio
import base64
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

Figures = dict[str, Any]

MARK = "|mark|"
_MARK = MARK.encode()
_CLOSE = b"\x88"
"""How a close frame begins."""


class Socket(asyncio.Protocol):
    """A WebSocket that counts marks. It never closes: its process ends."""

    def __init__(self, path: str, token: str, *, greeted: bool) -> None:
        """`greeted`: whether the server sends a first frame."""
        self.marks = 0
        self.arrivals: list[float] = []
        """When each mark arrived."""
        self.open = asyncio.get_running_loop().create_future()
        self.on_mark: Callable[[], None] | None = None
        self._path, self._token, self._greeted = path, token, greeted
        self._head: bytes | None = b""
        self._tail = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {self._token}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            head, _, rest = self._head.partition(b"\r\n\r\n")
            if len(head) == len(self._head) or (self._greeted and not rest):
                return
            self._head = None
            if rest[:1] == _CLOSE:
                self.open.set_exception(ConnectionResetError())
                return
            self.open.set_result(None)
            data = rest
        data = self._tail + data  # a mark may come in two parts
        self._tail = data[1 - len(MARK) :]
        marks = data.count(_MARK)
        if marks:
            self.marks += marks
            self.arrivals += [time.monotonic()] * marks
            if self.on_mark is not None:
                self.on_mark()

    def send(self, text: str) -> None:
        payload = text.encode()
        length = len(payload)
        assert 126 <= length < 2**16
        # A mask of zeros masks nothing.
        self.transport.write(b"\x81\xfe" + length.to_bytes(2, "big") + bytes(4) + payload)


class Sender:
    """Keeps so many messages under way on a socket: the next goes out when one has come back."""

    def __init__(self, socket: Socket, command: str, *, window: int, marks: int) -> None:
        """`command` has a `NUMBER` in it; `marks`: how often its mark comes back."""
        self.sent = 0
        self.sent_at: list[float] = []
        self.going = True
        self._socket, self._command = socket, command
        self._window, self._marks = window, marks
        socket.on_mark = self._go_on

    def start(self) -> None:
        self._go_on()

    def send_one(self) -> None:
        self.sent += 1
        self.sent_at.append(time.monotonic())
        self._socket.send(self._command.replace("NUMBER", str(self.sent)))

    def _go_on(self) -> None:
        while self.going and self.sent - self._socket.marks // self._marks < self._window:
            self.send_one()


sockets: list[Socket] = []
senders: list[Sender] = []


async def connect(port: int, path: str, tokens: Sequence[str], greeted: bool) -> Figures:
    """A socket for each of these tokens."""
    loop = asyncio.get_running_loop()
    for token in tokens:
        _, socket = await loop.create_connection(
            lambda token=token: Socket(path, token, greeted=greeted),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        sockets.append(socket)
        await socket.open
    return {}


async def storm(port: int, path: str, tokens: Sequence[str]) -> Figures:
    """A socket for each of these tokens, all at once; who is sent away comes again a second or so
    later. How long each took until its `hello`, in seconds, and how often that was."""
    refusals = 0

    async def come(token: str) -> float:
        nonlocal refusals
        started = time.monotonic()
        while True:
            try:
                await connect(port, path, [token], greeted=True)
            except OSError:
                refusals += 1
                await asyncio.sleep(random.uniform(0.5, 1.5))
            else:
                return time.monotonic() - started

    taken = await asyncio.gather(*map(come, tokens))
    return {"seconds": taken, "refusals": refusals}


async def pulse(every: float, seconds: float) -> Figures:
    """Let the one sender send at this pace instead; how long each message took to each socket."""
    (sender,) = senders
    first = sender.sent
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sender.send_one()
        await asyncio.sleep(every)
    await total(sender.sent)
    return {
        "seconds": [
            socket.arrivals[number] - sender.sent_at[number]
            for socket in sockets
            for number in range(first, sender.sent)
        ]
    }


async def begin(
    port: int, path: str, token: str, greeted: bool, command: str, window: int, marks: int
) -> Figures:
    """Send from a socket of its own, which is not counted."""
    await connect(port, path, [token], greeted)
    senders.append(Sender(sockets.pop(), command, window=window, marks=marks))
    senders[-1].start()
    return {}


async def count(seconds: float) -> Figures:
    """Deliveries in a stretch of time."""
    before, started = sum(socket.marks for socket in sockets), time.perf_counter()
    await asyncio.sleep(seconds)
    taken = time.perf_counter() - started
    return {"rate": (sum(socket.marks for socket in sockets) - before) / taken}


async def end() -> Figures:
    """Send no more; how many it were."""
    for sender in senders:
        sender.going = False
    return {"sent": sum(sender.sent for sender in senders)}


async def total(expected: int) -> Figures:
    """The marks of each socket, once all of them have as many as this, or after two minutes."""
    until = time.monotonic() + 120
    while time.monotonic() < until and any(socket.marks < expected for socket in sockets):
        await asyncio.sleep(0.05)
    return {"marks": [socket.marks for socket in sockets]}


WORK: Mapping[str, Callable[..., Awaitable[Figures]]] = {
    work.__name__: work for work in (connect, storm, begin, count, pulse, end, total)
}


async def main() -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        work, arguments = json.loads(line)
        print(json.dumps(await WORK[work](**arguments)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
