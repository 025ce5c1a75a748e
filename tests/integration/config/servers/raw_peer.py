"""A client of bytes: it sends what no library would, and says what came back."""

import re
import socket
import struct
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_FINAL = _MASKED = 0x80
PATIENCE = 30.0


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """A client's frame. The masking key is zero, so that the payload stays as it is."""
    size = len(payload)
    head = bytes([opcode | (_FINAL if final else 0)])
    if size < 126:
        head += bytes([size | _MASKED])
    elif size < 65_536:
        head += struct.pack("!BH", 126 | _MASKED, size)
    else:
        head += struct.pack("!BQ", 127 | _MASKED, size)
    return head + bytes(4) + payload


def upgrade(path: str = "/ws/v1", token: str | None = None, *headers: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        *headers,
    ]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Ending:
    code: int | None
    """None where the connection ended without a close frame."""
    reason: str


class Peer:
    """One connection. Every wait ends after half a minute."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        """`address`: of the loopback network, from which it connects."""
        self._socket = socket.socket()
        self._socket.bind((address, 0))
        self._socket.settimeout(PATIENCE)
        # Little is ready to be sent, so that what was sent was taken.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
        self._socket.connect(("127.0.0.1", port))
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def pour(self, data: bytes, most: int, *, seconds: float = 10.0) -> int:
        """Send this again and again, until `most` bytes are sent, the server ends the connection,
        or takes nothing for a second. Return how many bytes went out."""
        sent, end = 0, time.monotonic() + seconds
        self._socket.settimeout(1.0)
        try:
            while sent < most and time.monotonic() < end:
                sent += self._socket.send(data)
        except (TimeoutError, OSError):
            pass
        finally:
            self._socket.settimeout(PATIENCE)
        return sent

    def open(self, token: str | None = None, path: str = "/ws/v1") -> None:
        self.send(upgrade(path, token))
        assert self.head().startswith("HTTP/1.1 101")

    def head(self) -> str:
        """The head of an HTTP answer."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        return head.decode()

    def answer(self) -> tuple[int, bytes]:
        """Status and body of an HTTP answer."""
        head = self.head().lower()
        length = re.search(r"content-length: *(\d+)", head)
        if length is not None:
            return int(head[9:12]), self._exactly(int(length[1]))
        body = b""
        while size := int(self._line(), 16):
            body += self._exactly(size)
            self._line()
        self._line()
        return int(head[9:12]), body

    def next_frame(self) -> tuple[int, bytes]:
        first, second = self._exactly(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self._exactly(2 if size == 126 else 8))
        return first & 0x0F, self._exactly(size)

    def ending(self) -> Ending:
        """Read up to the close frame, or the end."""
        try:
            while True:
                opcode, payload = self.next_frame()
                if opcode == CLOSE:
                    return Ending(int.from_bytes(payload[:2]), payload[2:].decode())
        except (EOFError, ConnectionError):
            return Ending(None, "")

    def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        with suppress(EOFError, ConnectionError):
            while True:
                self._more()
        return self._read

    def seconds_until_closed(self) -> float:
        """Read on until the server ends the connection."""
        begun = time.monotonic()
        try:
            while True:
                self._more()
                self._read = b""
        except (EOFError, ConnectionError):
            return time.monotonic() - begun

    def ended(self, seconds: float) -> bool:
        """Whether the server ends the connection within so long; what it says is passed over."""
        self._socket.settimeout(seconds)
        try:
            return not self._socket.recv(65_536)
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        finally:
            self._socket.settimeout(PATIENCE)

    def _line(self) -> bytes:
        while b"\r\n" not in self._read:
            self._more()
        line, _, self._read = self._read.partition(b"\r\n")
        return line

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def _more(self) -> None:
        data = self._socket.recv(65_536)
        if not data:
            raise EOFError
        self._read += data


def all_at_once(act: Callable[..., None], *cases: Iterable[Any]) -> None:
    """Act on all of these at the same time, as `map` would one after the other: most of the time
    is spent in waiting for a server. Raises what the first of them raises."""
    arguments = list(zip(*cases, strict=True))
    with ThreadPoolExecutor(len(arguments)) as threads:
        list(threads.map(lambda some: act(*some), arguments))
