"""An HTTP client that calls an application of this process.

The proof makes dozens of requests for each sequence. A third of their time would be httpx's own:
cookies, redirects, authentication and pools, none of which they need.
"""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import httpx

from config.application import Application

_HOST = "testserver"
_API = "/api/v1"


class DirectClient(httpx.AsyncClient):
    """Takes paths below the API, and whole addresses."""

    def __init__(self, application: Application) -> None:
        super().__init__(transport=httpx.ASGITransport(application))
        self._application = application

    async def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        """Of httpx's options, take `headers`, `params`, `json` and `content`."""
        parts = urlsplit(str(url))
        path = parts.path if parts.netloc else f"{_API}{parts.path}"
        headers = {"Host": _HOST, **(options.get("headers") or {})}
        body: bytes = options.get("content") or b""
        if options.get("json") is not None:
            body = json.dumps(options["json"]).encode()
            headers["Content-Type"] = "application/json"
        if body:
            headers["Content-Length"] = str(len(body))
        query = parts.query or urlencode(options.get("params") or {})
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), one.encode()) for name, one in headers.items()],
            "client": ("127.0.0.1", 123),
            "server": (_HOST, None),
        }
        return await _Exchange(body).run(self._application, scope)


class _Exchange:
    """One request and its answer, as ASGI has them."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._ended = asyncio.Event()

    async def run(self, application: Application, scope: dict[str, Any]) -> httpx.Response:
        await application(scope, self._receive, self._send)
        content = b"".join(self._parts)
        return httpx.Response(self._status, headers=self._headers, content=content)

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._body is None:
            await self._ended.wait()
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message["headers"])
            return
        self._parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            self._ended.set()
