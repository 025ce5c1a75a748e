"""Uploads one file: announces it, sends its bytes to the storage, and has it checked."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import httpx

from chat_client.concurrency.repeating import repeated
from chat_client.errors import Refused, Unavailable, Unreachable
from chat_client.models import Announced, AttachmentState, Completed, Upload
from chat_client.requests import Requests

_MAX_ATTEMPTS = 20
_MAX_UPLOADS = 3
"""How often the bytes are sent: a storage that refuses them would refuse them again."""
_CHUNK = 64 * 1024
_CHECK_SECONDS = 60.0
_ANY_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class UploadProgress:
    state: Literal["uploading", "checking", "ready"]
    sent: int
    """In bytes, as `size`."""
    size: int


class Uploader(Requests, Protocol):
    """A `ChatClient`, or a person on whose behalf a service acts."""

    @property
    def http(self) -> httpx.AsyncClient: ...


async def upload_file(
    chat: Uploader,
    conversation_id: str,
    file: Path | str | bytes,
    *,
    filename: str | None = None,
    content_type: str | None = None,
    on_progress: Callable[[UploadProgress], object] = lambda _: None,
) -> AttachmentState:
    """Upload a file (a path, or its bytes), and return its attachment:
    `send(text, attachments=[attachment.id])`. Cancel the call to end the upload. Raises ChatError:
    `errors` of an InvalidRequest says what is wrong with the file. Raises OSError."""
    name = filename or ("file" if isinstance(file, bytes) else Path(file).name)
    with await _opened(file) as opened:
        size = opened.seek(0, SEEK_END)
        body = {
            "conversation_id": conversation_id,
            "filename": name,
            "content_type": content_type or mimetypes.guess_type(name)[0] or _ANY_TYPE,
            "size": size,
        }
        announced = await repeated(
            lambda: chat.request("POST", "attachments", body=body, kind=Announced), _MAX_ATTEMPTS
        )

        def sent(count: int) -> None:
            on_progress(UploadProgress("uploading", count, size))

        await repeated(lambda: _put(chat.http, announced.upload, opened, size, sent), _MAX_UPLOADS)
    on_progress(UploadProgress("checking", size, size))
    path = f"attachments/{announced.attachment.id}/complete"
    completed = await repeated(lambda: chat.request("POST", path, kind=Completed), _MAX_ATTEMPTS)
    on_progress(UploadProgress("ready", size, size))
    return completed.attachment


async def _opened(file: Path | str | bytes) -> BinaryIO:
    if isinstance(file, bytes):
        return BytesIO(file)
    return await asyncio.to_thread(Path(file).open, "rb")


async def _put(
    http: httpx.AsyncClient,
    upload: Upload,
    file: BinaryIO,
    size: int,
    on_sent: Callable[[int], None],
) -> None:
    file.seek(0)

    async def chunks() -> AsyncIterator[bytes]:
        sent = 0
        on_sent(sent)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
            sent += len(chunk)
            on_sent(sent)

    headers = {**upload.headers, "Content-Length": str(size)}
    try:
        response = await http.request(
            upload.method, upload.url, headers=headers, content=chunks(), timeout=_CHECK_SECONDS
        )
    except httpx.TransportError as error:
        raise Unreachable("The storage cannot be reached.") from error
    if response.is_success:
        return
    status = response.status_code
    kind = Unavailable if status >= 500 else Refused
    text = f"The storage refused the file (status {status})."
    raise kind(text, code="upload_refused", status=status)
