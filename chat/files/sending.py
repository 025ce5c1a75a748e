"""Sends a file of the local storage, or a range of it
(https://www.rfc-editor.org/rfc/rfc9110#name-range-requests)."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from messaging.files.storage import FileMissing
from messaging.files.storages.blocking import BlockingCalls
from messaging.files.storages.local_addresses import Granted

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PORTION = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    """An open file. A removal meanwhile does not interrupt it."""

    content: BinaryIO
    size: int

    @classmethod
    def open(cls, path: Path) -> "File":
        """Open a file. This blocks. Raises FileMissing."""
        try:
            return cls(path.open("rb"), path.stat().st_size)
        except FileNotFoundError as error:
            raise FileMissing from error

    def close(self) -> None:
        self.content.close()

    def read(self, first: int, size: int) -> bytes:
        """Return a portion. This blocks."""
        self.content.seek(first)
        return self.content.read(size)


async def send_file(
    calls: BlockingCalls,
    file: File,
    granted: Granted,
    scope: Mapping[str, Any],
    send: Send,
    *,
    headers: Mapping[str, str],
) -> int:
    """Send the file, or the range that the client requests. Return the status."""
    asked = _range_of(scope, file.size)
    part = range(file.size) if asked is None else asked
    status = 200 if asked is None else 206
    await start_answer(send, status, {**headers, **_described(file, granted, part, status)})
    at = part.start
    while at < part.stop and scope["method"] != "HEAD":
        portion = await calls.run("send", file.read, at, min(part.stop - at, _PORTION))
        if not portion:
            break  # the file became shorter; the server then ends the connection
        at += len(portion)
        await send({"type": "http.response.body", "body": portion, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return status


def _described(file: File, granted: Granted, part: range, status: int) -> Mapping[str, str]:
    ranged = {"Content-Range": f"bytes {part.start}-{part.stop - 1}/{file.size}"}
    return {
        "Content-Type": granted.content_type,
        "Content-Disposition": granted.disposition,
        "Content-Length": str(len(part)),
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={max(int(granted.expires - time.time()), 0)}",
        # A file is never a page of this site: no script, no form, no cookie.
        "Content-Security-Policy": "sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
        **(ranged if status == 206 else {}),
    }


def _range_of(scope: Mapping[str, Any], size: int) -> range | None:
    """Return the requested range. None is the whole file: there is no range, several, a malformed
    one, or one beyond the end. A server may ignore any range."""
    given = [value for name, value in scope["headers"] if name.lower() == b"range"]
    match = _RANGE.fullmatch(given[0].decode("latin-1")) if len(given) == 1 else None
    if match is None or match.groups() == (None, None):
        return None
    first, last = match.groups()
    if first is None:  # the last bytes
        return range(max(size - int(last), 0), size) or None
    stop = size if last is None else min(int(last) + 1, size)
    return range(int(first), stop) if int(first) < stop else None


async def start_answer(send: Send, status: int, headers: Mapping[str, str]) -> None:
    """Send status and headers."""
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
