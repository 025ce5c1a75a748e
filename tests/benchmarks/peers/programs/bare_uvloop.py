"""Bare uvloop: the least that Python can do. Each event is framed once, and written to each socket.

It checks nothing, answers no ping and bounds nothing: it is a limit, not a server.
"""

import asyncio
import base64
import hashlib
import json
import sys
from collections import defaultdict
from typing import cast

import uvloop
from events import HELLO, encoded, fan, reply, room_of, typing

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

rooms: dict[str, set[asyncio.Transport]] = defaultdict(set)


class Chat(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            "asyncio.Transport", transport
        )  # uvloop's class is none of asyncio's
        self._room: str | None = None
        self._bytes = b""

    def connection_lost(self, exc: Exception | None) -> None:
        if self._room is not None:
            rooms[self._room].discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._bytes += data
        if self._room is None:
            self._upgrade()
        while self._room is not None and (payload := self._next_payload()) is not None:
            self._handle(payload)

    def _upgrade(self) -> None:
        head, end, rest = self._bytes.partition(b"\r\n\r\n")
        if not end:
            return
        self._bytes = rest
        request, *lines = head.split(b"\r\n")
        key = next(line[19:] for line in lines if line.lower().startswith(b"sec-websocket-key: "))
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + _framed(HELLO)
        )
        self._room = room_of(request.split()[1].decode())
        rooms[self._room].add(self._transport)

    def _next_payload(self) -> bytes | None:
        data = self._bytes
        if len(data) < 6:
            return None
        length, start = data[1] & 127, 2
        if length == 126:
            length, start = int.from_bytes(data[2:4]), 4
        end = start + 4 + length
        if len(data) < end:
            return None
        mask = data[start : start + 4]
        payload = data[start + 4 : end]
        self._bytes = data[end:]
        if mask != bytes(4):
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        return payload

    def _handle(self, payload: bytes) -> None:
        command = json.loads(payload)
        if command["do"] == "fan":
            for event in fan(command):
                _send_to(command["to"], _framed(encoded(event)))
            return
        if command["do"] == "typing":
            _send_to(command["to"], _framed(encoded(typing(command))))
        self._transport.write(_framed(encoded(reply(command))))


def _send_to(room: str, frame: bytes) -> None:
    for member in rooms[room]:
        member.write(frame)


def _framed(text: str) -> bytes:
    payload = text.encode()
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    return b"\x81\x7e" + length.to_bytes(2) + payload


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Chat, "127.0.0.1", int(sys.argv[1]), backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
