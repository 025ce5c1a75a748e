"""REST, under /api/v1. Failures are ChatErrors."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, overload
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from chat_client.concurrency.delays import retry_delay
from chat_client.connection.clock import Clock
from chat_client.connection.tokens import Tokens
from chat_client.errors import ChatError, SessionEnded, Unreachable, error_of

_TIMEOUT = 15.0
# Servers close what is idle for some seconds; a request that is just then on its way would be lost.
_LIMITS = httpx.Limits(max_connections=20, keepalive_expiry=2)

T = TypeVar("T")


class Rest:
    def __init__(
        self,
        url: str,
        tokens: Tokens,
        *,
        ssl_context: ssl.SSLContext | None = None,
        headers: Mapping[str, str] | None = None,
        on_revoked: Callable[[ChatError], None] = lambda _: None,
    ) -> None:
        """`on_revoked` is called if the person was logged out or banned."""
        self._url = checked_url(url)
        self._tokens = tokens
        self._ssl_context = ssl_context
        self._headers = dict(headers or {})
        self._on_revoked = on_revoked
        self._http: httpx.AsyncClient | None = None
        self.clock = Clock()

    @property
    def http(self) -> httpx.AsyncClient:
        """For requests to other hosts too, such as the storage of files."""
        if self._http is None:
            trust = True if self._ssl_context is None else self._ssl_context
            self._http = httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, verify=trust)
        return self._http

    def acting(self, headers: Mapping[str, str]) -> "Rest":
        """Return another one with these headers, on the same connections."""
        other = Rest(self._url, self._tokens, headers={**self._headers, **headers})
        other._http, other.clock = self.http, self.clock
        return other

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    @overload
    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = ...,
        body: object = ...,
        kind: type[T],
    ) -> T: ...

    @overload
    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = ...,
        body: object = ...,
        kind: None = ...,
    ) -> Any: ...

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        kind: type[Any] | None = None,
    ) -> Any:
        """Send one request, and return the answer as `kind` (as parsed JSON, without one; None
        after 204). `path` is below /api/v1, without a slash at its beginning. An expired token is
        replaced, and the request sent again, unless the session has ended: the next token may be
        another person's."""
        tokens, session = self._tokens, self._tokens.session

        async def send(token: str) -> Any:
            if session is not tokens.session:
                raise SessionEnded("The session has ended.")
            try:
                return await self._send(token, method, path, query=query, body=body, kind=kind)
            except ChatError as error:
                is_over = error.code in {"token_revoked", "banned"}
                if is_over and session is tokens.session:
                    self._on_revoked(error)
                raise

        used = tokens.current or await tokens.fresh()
        try:
            return await send(used)
        except ChatError as error:
            if error.code != "token_expired" or not tokens.can_refresh:
                raise
        if session is tokens.session and tokens.current == used:
            await tokens.fresh(expired=True)
        return await send(tokens.current)

    async def persist(
        self,
        method: str,
        path: str,
        *,
        kind: type[T],
        is_wanted: Callable[[int], bool],
        query: Mapping[str, object] | None = None,
        body: object = None,
    ) -> T | None:
        """Repeat a request that a repetition cannot harm, until there is a final answer. Returns
        None if `is_wanted(attempt)` says that the answer is not wanted any more."""
        attempt = 0
        while is_wanted(attempt):
            try:
                answer = await self.request(method, path, query=query, body=body, kind=kind)
            except ChatError as error:
                if not error.is_retryable:
                    raise
                await asyncio.sleep(retry_delay(error, attempt))
            else:
                return answer if is_wanted(attempt) else None
            attempt += 1
        return None

    async def _send(
        self,
        token: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None,
        body: object,
        kind: type[Any] | None,
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}", **self._headers}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(body)
        params = {key: _text(value) for key, value in (query or {}).items() if value is not None}
        try:
            response = await self.http.request(
                method,
                f"{self._url}/api/v1/{path}",
                params=params,
                content=content,
                headers=headers,
            )
        except httpx.DecodingError as error:
            raise _unreadable() from error
        except (httpx.TransportError, RuntimeError) as error:
            # RuntimeError: the client was closed meanwhile.
            raise Unreachable("The server cannot be reached.") from error
        # TypeError: a date in the zone -0000 has no zone for Python.
        with contextlib.suppress(KeyError, ValueError, TypeError):
            self.clock.hear(parsedate_to_datetime(response.headers["Date"]))
        if response.is_success:
            return _answer(response, kind)
        raise _refusal(response)


def conversation_path(*parts: str) -> str:
    """Return the path of a conversation, or of something in it. The first part is its id."""
    return "/".join(["conversations", *(quote(one, safe="") for one in parts)])


def checked_url(url: str) -> str:
    """Return the URL of a server without a slash at its end. Raises ValueError."""
    parts = urlsplit(url)
    is_more = parts.query or parts.fragment
    if parts.scheme not in {"http", "https"} or not parts.hostname or is_more:
        text = f"{url!r} is not the URL of a server. It must be like https://chat.example.com."
        raise ValueError(text)
    return url.rstrip("/")


def _unreadable() -> Unreachable:
    return Unreachable("The server gave no readable answer.", code="unreadable")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _answer(response: httpx.Response, kind: type[Any] | None) -> Any:
    if response.status_code == httpx.codes.NO_CONTENT:
        return None
    try:
        if kind is None:
            return msgspec.json.decode(response.content)
        return msgspec.json.decode(response.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable() from error


def _refusal(response: httpx.Response) -> ChatError:
    """Read problem+json. From any other answer, such as a proxy's page, take the status."""
    try:
        problem = msgspec.json.decode(response.content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = {"detail": "The server gave no readable answer."}
    after = response.headers.get("Retry-After", "")
    retry_after = float(after) if after.isdecimal() and int(after) else None
    return error_of({**problem, "status": response.status_code, "retry_after": retry_after})
