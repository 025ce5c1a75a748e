"""The door of HTTP, in front of Django: who has no token is limited before it costs anything.

A request inside Django has a thread of its own, so hundreds of refused ones must not get there.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from chat.authentication import Identity, bearer_token
from chat.cross_origin import cross_origin_headers, is_preflight
from chat.errors import problem_of
from chat.exceptions import NotAuthenticated
from chat.limits import strangers
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
PAGE_BODY_BYTES = 64 * 1024
"""Of a request to anything but the API, which has a limit of its own: forms of the admin are the
largest."""

_TOKENS_BELOW = "/api/v1/"
_API = "/api/"
_VERIFICATION_SECONDS = 4.8


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
            if address and _shows_a_token(scope):
                scope = {**scope, SHOWN: await _identified(scope, address)}
            if isinstance(scope.get(SHOWN), Identity | StoreUnavailable | TimeoutError):
                await application(scope, receive, send)
            else:
                await _let_in(application, scope, receive, send, address)
        except MessagingError as refused:
            await _answer(scope, send, refused)

    return limited_application


def _shows_a_token(scope: Scope) -> bool:
    """Whether the API will ask whose token this is."""
    if not scope["path"].startswith(_TOKENS_BELOW) or scope.get("method") == "OPTIONS":
        return False  # a preflight shows none
    return any(name == b"authorization" for name, _ in scope["headers"])


async def _identified(scope: Scope, address: str) -> Identity | Exception:
    """Return whose token it is, or why that is not known. Raises RateLimited."""
    headers = [value for name, value in scope["headers"] if name == b"authorization"]
    try:
        # As Django joins them, which the view reads.
        token = bearer_token(b",".join(headers).decode("latin-1"))
        async with asyncio.timeout(_VERIFICATION_SECONDS):
            return await identify(token, address)
    except (NotAuthenticated, StoreUnavailable, TimeoutError) as unknown:
        return unknown


async def _let_in(
    application: Any, scope: Scope, receive: Receive, send: Send, address: str
) -> None:
    """Raises RateLimited and PayloadTooLarge, both before the application has the request."""
    body = ReadAhead(receive)
    if not (address and strangers.is_full(address)):
        # Before the place is taken: a client that sends slowly holds none.
        too_large = await body.read(PAGE_BODY_BYTES)
        if too_large and not scope["path"].startswith(_API):
            raise PayloadTooLarge(f"A request body has at most {PAGE_BODY_BYTES} bytes.")
    if not address:
        await application(scope, body.receive, send)
        return
    if strangers.is_full(address):
        body.forget()  # it would be kept while the refusal waits
    async with strangers.room(address):
        await application({**scope, COUNTED: True}, body.receive, send)


async def _answer_preflight(scope: Scope, send: Send) -> None:
    """Answer as the middleware does, without a thread of Django's."""
    headers = {
        **cross_origin_headers(scope["path"], scope["headers"], method="OPTIONS"),
        "Content-Length": "0",
    }
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": lines})
    await send({"type": "http.response.body", "body": b""})


async def _answer(scope: Scope, send: Send, refused: MessagingError) -> None:
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
