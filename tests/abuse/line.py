"""A TCP connection to the server, for requests that no HTTP client would send."""

import asyncio
import json
from dataclasses import dataclass
from typing import Self

_HEAD_BYTES = 256 * 1024
_PATIENCE_SECONDS = 10.0


class Gone(Exception):
    """The server refused the connection, closed it, or did not answer within ten seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    code: str
    """The stable code of an error in the API's shape; empty for all else."""
    size: int
    """Bytes of the body."""
    closes: bool
    """Whether the server announced that it closes the connection."""

    @property
    def outcome(self) -> str:
        return f"{self.status} {self.code}".strip()


def request(
    method: str, path: str, *, token: str | None = None, body: bytes = b"", **headers: str
) -> bytes:
    """The bytes of a request; an underscore in a header's name stands for a hyphen."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1"]
    if token is not None:
        lines.append(f"authorization: Bearer {token}")
    if body:
        headers.setdefault("content_type", "application/json")
        lines.append(f"content-length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Line:
    """One connection. Use as a context manager: leaving it aborts the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, address: str = "127.0.0.1") -> Self:
        """Connect from this address of the loopback network. Raises Gone."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", port, local_addr=(address, 0), limit=_HEAD_BYTES
                )
        except (OSError, TimeoutError) as error:
            raise Gone(str(error)) from None
        return cls(reader, writer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.writer.transport.abort()

    async def write(self, data: bytes) -> None:
        """Send as fast as the server reads. Raises Gone."""
        try:
            self.writer.write(data)
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.writer.drain()
        except (OSError, TimeoutError) as error:
            raise Gone(str(error)) from None
        if self.writer.transport.is_closing():
            raise Gone("closed")

    async def ask(self, data: bytes) -> Answer:
        """Send a request and read its answer. Raises Gone."""
        await self.write(data)
        return await self.answer()

    async def answer(self) -> Answer:
        """Read one answer. Raises Gone."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self._answer()
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
            raise Gone(str(error)) from None

    async def _answer(self) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        fields = dict(line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        body = b""
        if b"content-length" in fields:
            body = await self.reader.readexactly(int(fields[b"content-length"]))
        elif fields.get(b"transfer-encoding", b"").strip() == b"chunked":
            body = await self._chunks()
        code = ""
        if b"problem+json" in fields.get(b"content-type", b""):
            code = str(json.loads(body).get("code", ""))
        return Answer(
            status=status,
            code=code,
            size=len(body),
            closes=fields.get(b"connection", b"").strip() == b"close",
        )

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return body
