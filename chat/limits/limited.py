"""The door of HTTP, in front of Django: who has no token is limited before it costs anything.

A request inside Django has a thread of its own, so hundreds of refused ones must not get there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from chat.authentication import Identity, bearer_token
from chat.cross_origin import cross_origin_headers, is_preflight
from chat.errors import problem_of
from chat.exceptions import NotAuthenticated
from chat.limits import sign_ins, strangers
from chat.limits.body_limit import ReadAhead
from chat.limits.probes import Probes
from chat.limits.shown_tokens import identify
from chat.middleware import sound_request_id
from chat.payloads.renderers import render_json
from messaging.domain.exceptions import (
    MessagingError,
    PayloadTooLarge,
    RateLimited,
    StoreUnavailable,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

COUNTED = "chat.counted"
"""In the scope of a request that was counted as one without a token, and has a place."""
SHOWN = "chat.shown"
"""In the scope of a request with a token: whose it is, an `Identity`, or why that is not known, an
exception."""
SPENT = "chat.spent"
"""In the scope: the seconds that the request has waited here, for its token or for its place."""
REQUEST_SECONDS = 4.8
"""From the moment that a request is complete: whatever hangs, it is answered within five seconds.
What a client needs to send its body does not count."""
PAGE_BODY_BYTES = 64 * 1024
"""Of a request to anything but the API, which has a limit of its own: forms of the admin are the
largest."""

_API = "/api/"
_PUBLIC = ("/api/schema", "/api/docs")


def limited(application: Any) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return this ASGI application with its HTTP requests without a token limited by address, and
    with bounded bodies on its pages."""
    probes = Probes(application)

    async def limited_application(scope: Scope, receive: Receive, send: Send) -> None:
        address = strangers.address_of(scope)
        if probes.is_one(scope):
            await probes.answer(scope, receive, send, address)
            return
        asks = is_preflight(scope["method"], scope["path"], scope["headers"])
        if asks and await strangers.takes_preflight(address):
            await _answer_preflight(scope, send)
            return
        try:
            shown: Identity | Exception | None = None
            if _shows_a_token(scope):
                begun = time.monotonic()
                shown = await _identified(scope, address)
                scope = {**scope, SHOWN: shown, SPENT: time.monotonic() - begun}
            if isinstance(shown, TimeoutError) and strangers.is_beyond_its_rate(address):
                await _answer(scope, send, shown)  # a flood of tokens does not get to Django
            elif isinstance(shown, Identity | StoreUnavailable | TimeoutError):
                await application(scope, receive, send)
            else:
                await _let_in(application, scope, receive, send, address)
        except MessagingError as refused:
            await _answer(scope, send, refused)

    return limited_application


def seconds_left(scope: Mapping[str, Any]) -> float:
    """Return how much of `REQUEST_SECONDS` a request has left once it is complete; not below 0."""
    return max(REQUEST_SECONDS - float(scope.get(SPENT, 0.0)), 0.0)


def _shows_a_token(scope: Scope) -> bool:
    """Whether the API will ask whose token this is, or does not know the path."""
    path = scope["path"]
    if not path.startswith(_API) or path.startswith(_PUBLIC) or scope.get("method") == "OPTIONS":
        return False  # a preflight shows none
    return any(name == b"authorization" for name, _ in scope["headers"])


async def _identified(scope: Scope, address: str) -> Identity | Exception:
    """Return whose token it is, or why that is not known. Raises RateLimited."""
    headers = [value for name, value in scope["headers"] if name == b"authorization"]
    try:
        # As Django joins them, which the view reads.
        token = bearer_token(b",".join(headers).decode("latin-1"))
        async with asyncio.timeout(REQUEST_SECONDS):
            return await identify(token, address)
    except (NotAuthenticated, StoreUnavailable, TimeoutError) as unknown:
        return unknown


async def _let_in(
    application: Any, scope: Scope, receive: Receive, send: Send, address: str
) -> None:
    """Raises RateLimited and PayloadTooLarge, both before the application has the request."""
    body = ReadAhead(receive)
    if not strangers.is_full(address):
        # Before the place is taken: a client that sends slowly holds none.
        too_large = await body.read(PAGE_BODY_BYTES)
        if too_large and not scope["path"].startswith(_API):
            raise PayloadTooLarge(f"A request body has at most {PAGE_BODY_BYTES} bytes.")
    if strangers.is_full(address):
        body.forget()  # it would be kept while the refusal waits
    begun = time.monotonic()
    async with strangers.room(address):
        spent = scope.get(SPENT, 0.0) + time.monotonic() - begun
        scope = {**scope, COUNTED: True, SPENT: spent}
        if sign_ins.is_attempt(scope):
            await sign_ins.carry_out(application, scope, body, send, address)
        else:
            await application(scope, body.receive, send)


async def _answer_preflight(scope: Scope, send: Send) -> None:
    """Answer as the middleware does, without a thread of Django's."""
    headers = {
        **cross_origin_headers(scope["path"], scope["headers"], method="OPTIONS"),
        "Content-Length": "0",
    }
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": lines})
    await send({"type": "http.response.body", "body": b""})


async def _answer(scope: Scope, send: Send, refused: Exception) -> None:
    problem = problem_of(refused)
    request_id = _request_id(scope)
    body = render_json(problem.as_document(request_id))
    headers = {
        "X-Request-ID": request_id,
        **problem.as_headers(),
        **cross_origin_headers(scope["path"], scope["headers"]),
        # Of a refused body more may come: the server reads that, or the answer would be lost.
        **({"Connection": "close"} if isinstance(refused, RateLimited) else {}),
        "Content-Type": problem.MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
    }
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return sound_request_id(given.decode("latin-1"))
