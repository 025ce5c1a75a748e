"""A WebSocket, frame by frame: what no WebSocket library would send."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.abuse.line import Gone, Line, request

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_MASKED = 0x80
_FINAL = 0x80


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """A client's frame. The masking key is zero, so that the payload stays as it is."""
    head = bytes([opcode | (_FINAL if final else 0)])
    size = len(payload)
    if size < 126:
        head += bytes([size | _MASKED])
    elif size < 65_536:
        head += struct.pack("!BH", 126 | _MASKED, size)
    else:
        head += struct.pack("!BQ", 127 | _MASKED, size)
    return head + bytes(4) + payload


def command(kind: str, number: int = 1, **fields: Any) -> bytes:
    return frame(TEXT, json.dumps({"id": number, "type": kind, **fields}).encode())


def handshake(token: str | None, path: str = "/ws/v1") -> bytes:
    return request(
        "GET",
        path,
        token=token,
        upgrade="websocket",
        connection="Upgrade",
        sec_websocket_version="13",
        sec_websocket_key="AAAAAAAAAAAAAAAAAAAAAA==",
    )


class Socket:
    """One WebSocket after its handshake."""

    def __init__(self, line: Line) -> None:
        self.line = line

    async def write(self, frames: bytes) -> None:
        """Raises Gone."""
        await self.line.write(frames)

    async def read(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; a PING is answered on the way. Raises Gone."""
        while True:
            try:
                opcode, payload = await self._read()
            except (OSError, EOFError) as error:
                raise Gone(str(error)) from None
            if opcode != PING:
                return opcode, payload
            await self.write(frame(PONG, payload))

    async def _read(self) -> tuple[int, bytes]:
        reader = self.line.reader
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await reader.readexactly(8))
        return first & 0x0F, await reader.readexactly(size)

    async def outcome(self) -> str:
        """The next answer, error or close in a word; events and other frames are passed over.
        Raises Gone."""
        while True:
            opcode, payload = await self.read()
            if opcode == CLOSE:
                return f"close {struct.unpack('!H', payload[:2])[0]}" if payload else "close 1005"
            if opcode == TEXT:
                data = json.loads(payload)
                if data["type"] == "error":
                    return f"error {data['code']}"
                if data["type"] in {"reply", "hello"}:
                    return str(data["type"])


@asynccontextmanager
async def opened(
    port: int, address: str, token: str | None, *, greeted: bool = True
) -> AsyncIterator[Socket]:
    """A socket of this token, or of none; `greeted`: wait for its `hello`. Raises Gone, whose
    text is the close code where the server sent one."""
    async with await Line.open(port, address) as line:
        await line.write(handshake(token))
        try:
            async with asyncio.timeout(10):
                head = await line.reader.readuntil(b"\r\n\r\n")
                if b" 101 " not in head.split(b"\r\n", 1)[0]:
                    raise Gone(head.split(b" ")[1].decode())
                socket = Socket(line)
                if greeted and (outcome := await socket.outcome()) != "hello":
                    raise Gone(outcome)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            raise Gone(str(error)) from None
        yield socket
