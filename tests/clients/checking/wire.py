"""What lies between the client and the server: a relay that sees frames and can spoil them.

An HTTP connection carries one request. On a WebSocket every frame passes through `down` and `up`,
which may leave it out, change it, or add to it.
"""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from websockets.frames import Close, Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from tests.frames import read_frame
from tests.listener import Listener

Json = dict[str, Any]

HEARTBEAT_SECONDS = 2
"""What `hello` says here, in the place of the server's 25 seconds."""
_CHUNK = 64 * 1024
_LINES = re.IGNORECASE | re.MULTILINE
_CONNECTION = re.compile(rb"^(connection|keep-alive):.*\r\n", _LINES)
_LENGTH = re.compile(rb"^content-length: *(\d+)\r$", _LINES)
_EXTENSIONS = re.compile(rb"^sec-websocket-extensions:.*\r\n", _LINES)

Filter = Callable[["Line", Json], Sequence[Json]]
"""Frames in the place of one."""


class Line:
    """One WebSocket of the client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.commands: list[Json] = []
        """What the client sent, as far as it was JSON."""
        self.hello: Json | None = None
        self.closed_by_client: int | None = None
        """The code of the close frame that the client sent first."""
        self.open = True
        self.closed_with: int | None = None
        """The code of the close frame that the client was sent."""
        self.heard_at = time.monotonic()
        self._reader = reader
        self._writer = writer
        self._flows = asyncio.Event()
        self._flows.set()

    def put(self, frame: Json) -> None:
        """Write a frame to the client, as if the server had sent it."""
        self.write(Frame(Opcode.TEXT, json.dumps(frame).encode()))

    def put_event(self, kind: str, data: Any, **fields: Any) -> None:
        self.put(
            {
                "type": kind,
                "event_id": f"relay-{time.monotonic_ns()}",
                "instance_id": "relay",
                "at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                **fields,
                "data": data,
            }
        )

    def close(self, code: int) -> None:
        """Close the socket as the server does."""
        self.closed_with = code
        self.write(Frame(Opcode.CLOSE, Close(code, "closed by the check").serialize()))
        self.write_end()

    def cut(self) -> None:
        """End the connection without a word, and what was on its way with it."""
        self.open = False
        self._writer.transport.abort()

    def write_end(self) -> None:
        """End the server's direction alone: the client's stays open."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.write_eof()

    def hang(self) -> None:
        """Pass on nothing any more, and do not end."""
        self._flows.clear()

    @property
    def hangs(self) -> bool:
        return not self._flows.is_set()

    async def flows(self) -> None:
        await self._flows.wait()

    def write(self, frame: Frame) -> None:
        if self.open and not self.hangs and not self._writer.is_closing():
            with contextlib.suppress(OSError, RuntimeError):
                self._writer.write(frame.serialize(mask=False))


class Wire(Listener):
    """Listens on a port of its own, for as long as the context is entered."""

    def __init__(self, target_port: int, make_token: Callable[[str], Awaitable[str]]) -> None:
        super().__init__()
        self.target_port = target_port
        self.down: list[Filter] = []
        """Of frames to the client, one after the other."""
        self.up: list[Filter] = []
        """Of frames from the client."""
        self.lines: list[Line] = []
        """All there were."""
        self.tokens_given = 0
        self.lose_answer: Callable[[str, str], bool] = lambda method, path: False
        """Of which HTTP requests the answer gets lost."""
        self.lose_request: Callable[[str, str], bool] = lambda method, path: False
        self.answers_flow = asyncio.Event()
        """Cleared while the answers to HTTP requests are held back."""
        self.answers_flow.set()
        self.held_back: list[str] = []
        """The paths of the requests whose answers were held back."""
        self.heartbeat_seconds: float = HEARTBEAT_SECONDS
        """The value in `hello`, in seconds of the client's clock."""
        self.speed = 1.0
        """How many seconds the client's clock counts in one second here."""
        self.page = ""
        """The HTML at /page, for a client that is a page."""
        self._make_token = make_token

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def line(self) -> Line | None:
        """The client's latest socket, if it is open and `hello` was passed on."""
        line = self.lines[-1] if self.lines else None
        return line if line is not None and line.open and line.hello else None

    def mend(self) -> None:
        """Pass on everything as it is, from now on."""
        self.down.clear()
        self.up.clear()
        self.lose_answer = self.lose_request = lambda method, path: False
        self.answers_flow.set()
        self.held_back.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        path = target.partition("?")[0]
        if path == "/token":
            token = await self._make_token(target.partition("?user=")[2])
            self.tokens_given += 1
            await self._give("text/plain", token, writer)
        elif path == "/page":
            await self._give("text/html", self.page, writer)
        elif path.startswith("/ws/"):
            await self._carry_socket(head, reader, writer)
        else:
            await self._carry_request(head, method, path, reader, writer)

    async def _give(self, kind: str, text: str, writer: asyncio.StreamWriter) -> None:
        content = text.encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: %s; charset=utf-8\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (kind.encode(), len(content), content)
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def _carry_request(
        self,
        head: bytes,
        method: str,
        path: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        if self.lose_request(method, path):
            return
        there, onward = await asyncio.open_connection("127.0.0.1", self.target_port)
        try:
            onward.write(_CONNECTION.sub(b"", head)[:-2] + b"Connection: close\r\n\r\n" + body)
            answer = await there.read()
        finally:
            onward.transport.abort()
        if self.lose_answer(method, path):
            return
        if not self.answers_flow.is_set():
            self.held_back.append(path)
            await self.answers_flow.wait()
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def _carry_socket(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line = Line(reader, writer)
        self.lines.append(line)
        there, onward = await asyncio.open_connection("127.0.0.1", self.target_port)
        try:
            onward.write(_EXTENSIONS.sub(b"", head))
            writer.write(await there.readuntil(b"\r\n\r\n"))
            async with asyncio.TaskGroup() as ways:
                beating = ways.create_task(self._beat(line))
                up = ways.create_task(self._carry_up(line, reader, onward))
                await self._carry_down(line, there)
                up.cancel()
                beating.cancel()
        finally:
            line.open = False
            onward.transport.abort()

    async def _beat(self, line: Line) -> None:
        """Send heartbeats as often as `hello` says, and close a silent client."""
        seconds = self.heartbeat_seconds / self.speed
        while line.open:
            await asyncio.sleep(seconds)
            if line.hello is not None:
                line.put_event("heartbeat", {})
                if time.monotonic() - line.heard_at > 3 * seconds and not line.hangs:
                    line.close(4003)

    async def _carry_down(self, line: Line, there: asyncio.StreamReader) -> None:
        parser = Protocol(Side.CLIENT, state=OPEN, max_size=None)
        with contextlib.suppress(OSError):  # such as that of an instance that was killed
            while data := await there.read(_CHUNK):
                await line.flows()
                parser.receive_data(data)
                for frame in parser.events_received():
                    assert isinstance(frame, Frame)
                    self._pass_down(line, frame)
        line.write_end()
        await asyncio.sleep(1)  # for the client's half of the closing handshake

    def _pass_down(self, line: Line, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            line.closed_with = Close.parse(bytes(frame.data)).code
        if frame.opcode is not Opcode.TEXT or not frame.fin:
            line.write(frame)
            return
        for passed in self._spoiled(line, read_frame(bytes(frame.data))):
            line.put(passed)

    def _spoiled(self, line: Line, frame: Json) -> Sequence[Json]:
        frames: Sequence[Json] = [frame]
        if frame["type"] == "hello":
            frame["data"]["heartbeat_seconds"] = self.heartbeat_seconds
            line.heard_at = time.monotonic()
        for spoil in list(self.down):
            frames = [spoiled for each in frames for spoiled in spoil(line, each)]
        if frame["type"] == "hello":
            line.hello = frame
        return frames

    async def _carry_up(
        self, line: Line, reader: asyncio.StreamReader, onward: asyncio.StreamWriter
    ) -> None:
        parser = Protocol(Side.SERVER, state=OPEN, max_size=None)
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                await line.flows()
                parser.receive_data(data)
                for frame in parser.events_received():
                    assert isinstance(frame, Frame)
                    self._note(line, frame)
                    if frame.opcode is not Opcode.TEXT:
                        onward.write(frame.serialize(mask=True))
                        continue
                    for passed in self._spoiled_command(line, bytes(frame.data)):
                        onward.write(Frame(Opcode.TEXT, passed).serialize(mask=True))
        line.open = False
        with contextlib.suppress(OSError, RuntimeError):
            onward.write_eof()

    def _note(self, line: Line, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT:
            line.heard_at = time.monotonic()
        elif frame.opcode is Opcode.CLOSE and line.closed_with is None:
            line.closed_by_client = Close.parse(bytes(frame.data)).code if frame.data else 1005

    def _spoiled_command(self, line: Line, raw: bytes) -> Sequence[bytes]:
        try:
            frame = json.loads(raw)
        except ValueError:
            return [raw]
        line.commands.append(frame)
        frames: Sequence[Json] = [frame]
        for spoil in list(self.up):
            frames = [spoiled for each in frames for spoiled in spoil(line, each)]
        return [raw] if list(frames) == [frame] else [json.dumps(each).encode() for each in frames]
