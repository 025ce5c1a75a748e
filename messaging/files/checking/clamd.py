"""Asks a ClamAV daemon whether a file is infected, by its INSTREAM command
(https://docs.clamav.net/manual/Usage/Scanning.html#clamd)."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from messaging.files.checking.findings import Refused
from messaging.files.storage import FilesUnavailable
from messaging.instruments.metrics import FILES_UNAVAILABLE

logger = structlog.get_logger(__name__)

_SECONDS = 20.0
_CONNECT_SECONDS = 3.0
_PART = 256 * 1024
_MAX_ANSWER_BYTES = 4 * 1024
DEFAULT_PORT = 3310


class Clamd:
    """A scanner. While it does not answer, no file is accepted."""

    def __init__(self, address: str) -> None:
        """Create the scanner. The address is `tcp://host:port` or `unix:///path`. Raises ValueError
        for another one."""
        parsed = urlsplit(address)
        self._path = parsed.path if parsed.scheme == "unix" else ""
        self._host = parsed.hostname or ""
        self._port = parsed.port or DEFAULT_PORT
        if not (self._path or (parsed.scheme == "tcp" and self._host)):
            raise ValueError("The address of the scanner is tcp://host:port or unix:///path.")

    async def require_clean(self, file: Path) -> None:
        """Require a file without a known virus. Raises Refused, FilesUnavailable."""
        answer = await self._ask(b"zINSTREAM\0", file)
        if answer.endswith("FOUND"):
            logger.warning("file_check.infected", found=answer.removeprefix("stream: "))
            raise Refused("infected", "The file is infected. Do not send it.")
        if answer != "stream: OK":
            raise _unavailable(f"answered {answer!r}")

    async def version(self) -> str:
        """Return the version of the daemon and its signatures. Raises FilesUnavailable."""
        return await self._ask(b"zVERSION\0", None)

    async def _ask(self, command: bytes, file: Path | None) -> str:
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._exchange(command, file)
        except (OSError, TimeoutError, EOFError, ValueError) as error:
            raise _unavailable(f"{type(error).__name__}: {error}") from error

    async def _exchange(self, command: bytes, file: Path | None) -> str:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await self._connect()
        try:
            writer.write(command)
            if file is not None:
                with await asyncio.to_thread(file.open, "rb") as opened:
                    while part := await asyncio.to_thread(opened.read, _PART):
                        writer.write(len(part).to_bytes(4) + part)
                        await writer.drain()
                writer.write((0).to_bytes(4))
            await writer.drain()
            answer = await reader.read(_MAX_ANSWER_BYTES)
        finally:
            writer.transport.abort()
        if not answer:
            raise EOFError("no answer")
        return answer.rstrip(b"\0\n").decode(errors="replace")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._path:
            return await asyncio.open_unix_connection(self._path)
        return await asyncio.open_connection(self._host, self._port)


def _unavailable(reason: str) -> FilesUnavailable:
    FILES_UNAVAILABLE.labels("scan").inc()
    logger.warning("files.unavailable", storage="clamd", operation="scan", reason=reason[:500])
    return FilesUnavailable("The scanner of files is unavailable. Retry after 1 s.")
