"""Limits HTTP requests without a token in front of Django, before they cost anything.

A request inside Django has its own thread, so hundreds of refused requests must not get there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from chat.authentication import Identity, bearer_token
from chat.cross_origin import cross_origin_headers, is_preflight
from chat.errors import problem_of
from chat.exceptions import NotAuthenticated
from chat.limits.body_limit import ReadAhead
from chat.limits.crowds import Crowds
from chat.limits.probes import Probes
from chat.limits.shown_tokens import ShownTokens
from chat.limits.sign_ins import SignIns, is_attempt
from chat.limits.strangers import Strangers, address_of
from chat.middleware import security_headers
from chat.payloads.renderers import render_json
from chat.request_ids import request_id_of
from messaging.domain.exceptions import (
    MessagingError,
    PayloadTooLarge,
    RateLimited,
    StoreUnavailable,
)
from messaging.instruments.metrics import REFUSALS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

COUNTED = "chat.counted"
"""In the scope: the request was counted as one without a token, and holds a slot."""
SHOWN = "chat.shown"
"""In the scope of a request with a token: its `Identity`, or the exception that explains why it is
unknown."""
SPENT = "chat.spent"
"""In the scope: the seconds that the request has waited outside Django: for the start of the
instance, its token or its slot."""
REQUEST_SECONDS = 4.8
"""The deadline of a complete request: whatever hangs, the client gets an answer within five
seconds. The time to send the body does not count."""
PAGE_BODY_BYTES = 64 * 1024
"""The bound of a body outside the API, which has its own limit. Forms of the admin are the
largest."""

_API = "/api/"
_PUBLIC = ("/api/schema", "/api/asyncapi", "/api/docs")


class Limited:
    """An ASGI application with its HTTP requests without a token limited by address and all
    together, and with bounded bodies on its pages."""

    def __init__(
        self,
        application: Any,
        *,
        strangers: Strangers,
        shown_tokens: ShownTokens,
        sign_ins: SignIns,
    ) -> None:
        self._application = application
        self._probes = Probes(application)
        self._crowds = Crowds()
        self._strangers = strangers
        self._shown_tokens = shown_tokens
        self._sign_ins = sign_ins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(scope)
        if self._probes.is_one(scope):
            await self._probes.answer(scope, receive, send, address)
            return
        asks = is_preflight(scope["method"], scope["path"], scope["headers"])
        if asks and await self._strangers.takes_preflight(address):
            await _answer_preflight(scope, send)
            return
        try:
            shown: Identity | Exception | None = None
            if _shows_a_token(scope):
                begun = time.monotonic()
                shown = await self._identified(scope, address)
                spent = scope.get(SPENT, 0.0) + time.monotonic() - begun
                scope = {**scope, SHOWN: shown, SPENT: spent}
            if isinstance(shown, TimeoutError) and self._strangers.is_beyond_its_rate(address):
                await answer(scope, send, shown)  # a flood of tokens does not reach Django
            elif isinstance(shown, Identity | StoreUnavailable | TimeoutError):
                await self._application(scope, receive, send)
            else:
                await self._let_in(scope, receive, send, address)
        except MessagingError as refused:
            await answer(scope, send, refused)

    async def _identified(self, scope: Scope, address: str) -> Identity | Exception:
        """Return the identity of the token, or why it is unknown. Raises RateLimited."""
        headers = [value for name, value in scope["headers"] if name == b"authorization"]
        try:
            # Join them as Django does, because the view reads that.
            token = bearer_token(b",".join(headers).decode("latin-1"))
            known = self._shown_tokens.recall(token)
            if known is not None:
                return known
            async with asyncio.timeout(seconds_left(scope)):
                return await self._shown_tokens.identify(token, address)
        except (NotAuthenticated, StoreUnavailable, TimeoutError) as unknown:
            return unknown

    async def _let_in(self, scope: Scope, receive: Receive, send: Send, address: str) -> None:
        """Admit a request. Raises RateLimited, Overloaded and PayloadTooLarge before the
        application has the request."""
        body = ReadAhead(receive)
        if not self._strangers.is_full(address):
            # Before it takes a slot: a slow client holds none.
            too_large = await body.read(PAGE_BODY_BYTES)
            if too_large:
                # The rest stays unread meanwhile. It costs more than a request.
                await self._strangers.require_room(address)
                if not scope["path"].startswith(_API):
                    raise PayloadTooLarge(f"A request body has at most {PAGE_BODY_BYTES} bytes.")
        if self._strangers.is_full(address):
            body.forget()  # otherwise it would be kept while the refusal waits
        begun = time.monotonic()
        async with self._strangers.room(address):
            if is_attempt(scope):  # these have a queue of their own
                admitted = _admitted(scope, begun)
                await self._sign_ins.carry_out(self._application, admitted, body, send, address)
                return
            async with self._crowds.place(scope):
                await self._application(_admitted(scope, begun), body.receive, send)


def seconds_left(scope: Mapping[str, Any]) -> float:
    """Return the rest of `REQUEST_SECONDS` for a complete request; at least 0."""
    return max(REQUEST_SECONDS - float(scope.get(SPENT, 0.0)), 0.0)


def _shows_a_token(scope: Scope) -> bool:
    """Return whether the API will verify a token of this request. Unknown paths have none."""
    path = scope["path"]
    if not path.startswith(_API) or path.startswith(_PUBLIC) or scope.get("method") == "OPTIONS":
        return False  # a preflight has no token
    return any(name == b"authorization" for name, _ in scope["headers"])


def _admitted(scope: Scope, begun: float) -> Scope:
    """Return the scope of a request that has waited since `begun`."""
    spent = scope.get(SPENT, 0.0) + time.monotonic() - begun
    return {**scope, COUNTED: True, SPENT: spent}


async def _answer_preflight(scope: Scope, send: Send) -> None:
    """Answer a preflight as the middleware does, without a thread of Django."""
    headers = {
        **cross_origin_headers(scope["path"], scope["headers"], method="OPTIONS"),
        "X-Request-ID": request_id_of(scope),
        "Content-Length": "0",
    }
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": lines})
    await send({"type": "http.response.body", "body": b""})


async def answer(
    scope: Scope, send: Send, refused: Exception, *, request_id: str | None = None
) -> int:
    """Answer a request that does not reach Django with the problem of an exception, and count the
    refusal. Return the status."""
    problem = problem_of(refused)
    REFUSALS.labels("rest", problem.code).inc()
    request_id = request_id or request_id_of(scope)
    body = render_json(problem.as_document(request_id))
    headers = {
        "X-Request-ID": request_id,
        **problem.as_headers(),
        **cross_origin_headers(scope["path"], scope["headers"]),
        # More of a refused body may arrive. The server reads it; otherwise the answer would be
        # lost.
        **({"Connection": "close"} if isinstance(refused, RateLimited) else {}),
        "Content-Type": problem.MEDIA_TYPE,
        "Content-Length": str(len(body)),
        **security_headers(scope["path"], secure=scope.get("scheme") == "https"),
    }
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
    return problem.status
