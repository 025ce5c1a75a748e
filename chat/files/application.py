"""Takes uploads and serves downloads for the local storage, by signed addresses.

Django reads a whole body before any view, and sends files through threads. This application streams
both. It handles only requests with a valid address; everything else passes on, so that forged
addresses count as requests without a token.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from chat.cross_origin import cross_origin_headers
from chat.files.receiving import receive_file
from chat.files.sending import File, send_file, start_answer
from chat.limits.limited import answer
from chat.limits.strangers import address_of
from chat.limits.throttling import turn
from chat.middleware import API_PATHS, security_headers
from chat.request_ids import request_id_of
from chat.rest.accounting import account
from messaging.concurrency.turns import Turns
from messaging.domain.exceptions import MessagingError, NotFound, Overloaded, PermissionDenied
from messaging.domain.limits import get_limits
from messaging.files.storage import FileMissing, FileStorage
from messaging.files.storages.local import LocalStorage
from messaging.files.storages.local_addresses import PATH, Granted

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_ROUTE = "api/files/<path:key>"
_METHODS = ("GET", "HEAD", "PUT")
_AT_ONCE = 16
"""The transfers of one address at a time."""


class LocalFiles:
    """An ASGI application in front of another one."""

    def __init__(self, application: Any, *, storage: FileStorage) -> None:
        """Create the application. With another storage than the local one, it only passes on."""
        self._application = application
        self._storage = storage if isinstance(storage, LocalStorage) else None
        self._turns = Turns(places=_AT_ONCE, most_waiting=256, rest=0)
        self._uploading: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        granted = self._granted(scope)
        if granted is None or self._storage is None:
            await self._application(scope, receive, send)
            return
        begun = time.monotonic()
        request_id = request_id_of(scope)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                async with turn(self._turns, address_of(scope)):
                    status = await self._handle(self._storage, granted, scope, receive, send)
            except MessagingError as refused:
                status = await answer(scope, send, refused, request_id=request_id)
            seconds = time.monotonic() - begun
            account(scope["method"], _ROUTE, status, seconds, allowed=_METHODS, quiet=True)

    def body_limit(self, scope: Mapping[str, Any], most: int) -> int:
        """Return how many bytes the body of this request may have: the size in the signed address,
        the limit of the API, or `most`."""
        granted = self._granted(scope)
        if granted is not None:
            return granted.size
        return get_limits().body_bytes if scope["path"].startswith(API_PATHS) else most

    async def _handle(
        self, storage: LocalStorage, granted: Granted, scope: Scope, receive: Receive, send: Send
    ) -> int:
        headers = {
            "X-Request-ID": request_id_of(scope),
            **cross_origin_headers(scope["path"], scope["headers"]),
            **security_headers(scope["path"], secure=scope.get("scheme") == "https"),
        }
        if granted.method == "PUT":
            await self._receive(storage, granted, scope, receive)
            await start_answer(send, 200, {**headers, "Content-Length": "0"})
            await send({"type": "http.response.body", "body": b""})
            return 200
        try:
            file = await storage.calls.run("send", File.open, storage.path(granted.key))
        except FileMissing as missing:
            raise NotFound("This file was removed.") from missing
        try:
            return await send_file(storage.calls, file, granted, scope, send, headers=headers)
        finally:
            await storage.calls.run("send", file.close)

    async def _receive(
        self, storage: LocalStorage, granted: Granted, scope: Scope, receive: Receive
    ) -> None:
        """Store the uploaded file, if it arrives before the signed URL expires. Each URL takes one
        upload at a time: otherwise its holder could fill the disk."""
        if granted.key in self._uploading:
            raise Overloaded("This file is being uploaded by another request. Retry after 1 s.")
        self._uploading.add(granted.key)
        try:
            async with asyncio.timeout(granted.expires - time.time()):
                await receive_file(storage, granted, scope, receive)
        except TimeoutError as late:
            raise PermissionDenied("This signed URL has expired. Request a new one.") from late
        finally:
            self._uploading.discard(granted.key)

    def _granted(self, scope: Mapping[str, Any]) -> Granted | None:
        path = scope["path"]
        if self._storage is None or not path.startswith(PATH):
            return None
        query = ""
        with suppress(UnicodeDecodeError):
            query = scope.get("query_string", b"").decode("ascii")
        return self._storage.addresses.verify(scope["method"], path, query)
