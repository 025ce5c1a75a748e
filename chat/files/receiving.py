"""Receives the body of an upload into a file of the local storage."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, BinaryIO

from messaging.domain.exceptions import InvalidRequest, PayloadTooLarge
from messaging.files.storages.local import LocalStorage
from messaging.files.storages.local_addresses import Granted

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_PORTION = 256 * 1024
"""The bytes that are written at once: each write is a call of a thread."""


async def receive_file(
    storage: LocalStorage, granted: Granted, scope: Mapping[str, Any], receive: Receive
) -> None:
    """Receive exactly the announced bytes, and give the file its key. Raises InvalidRequest,
    PayloadTooLarge, FilesUnavailable; then nothing is stored."""
    _require_type(scope, granted)
    run = storage.calls.run
    written = await run("receive", storage.begin)
    try:
        file: BinaryIO = await run("receive", written.open, "xb")
        try:
            size = await _copy(receive, file, run, most=granted.size)
        finally:
            await run("receive", file.close)
        if size != granted.size:
            detail = f"The body has {size} bytes, but {granted.size} were announced."
            raise InvalidRequest.of("size", detail, "size_mismatch")
        await run("receive", lambda: storage.finish(written, granted.key, durable=False))
    finally:
        await run("receive", lambda: written.unlink(missing_ok=True))


async def _copy(receive: Receive, file: BinaryIO, run: Any, *, most: int) -> int:
    """Copy the body. Return its size."""
    size = 0
    waiting = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise InvalidRequest.of("size", "The body is incomplete.", "size_mismatch")
        body = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(body)
        if size > most:
            raise PayloadTooLarge(f"The body has more than the announced {most} bytes.")
        waiting += body
        if len(waiting) >= _PORTION or (waiting and not more):
            portion, waiting = waiting, bytearray()
            await run("receive", file.write, portion)
    return size


def _require_type(scope: Mapping[str, Any], granted: Granted) -> None:
    given = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    if given != [granted.content_type.encode()]:
        detail = f"Send the header Content-Type: {granted.content_type}."
        raise InvalidRequest.of("content_type", detail, "type_mismatch")
