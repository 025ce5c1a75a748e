"""Strangers: what an address may ask without a valid token.

Anybody may ask for the schema, the metrics, a page, or be refused for want of a token, and each
time it costs us something. So requests of one address without a token are carried out a few at a
time, and beyond a rate they are refused. Requests with a valid token are not concerned, whatever
address they come from. Behind a proxy the address is that of the client only where the server is
told to trust the proxy; else all strangers behind the proxy count as one.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from django.conf import settings

from chat.errors import problem_of
from chat.renderers import render_json
from chat.throttling import refuse, turn
from messaging.delivery.rates import Rate, Rates
from messaging.exceptions import RateLimited
from messaging.turns import Turns

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

STRANGERS = Rate(name="strangers", per_second=20, burst=300)
"""Of one address on one instance: the pages of an office at nine o'clock, and no flood."""

_PROBES = "/health/"
"""Never refused for their rate: a balancer would take the instance out."""
_API = "/api/v1/"
_READ_AHEAD_BYTES = 64 * 1024

_rates = Rates(None)
_turns = Turns(places=2, most_waiting=64)


def address_of(scope: Mapping[str, Any]) -> str:
    """Return the peer's address, of IPv6 the /64 network, which is what one customer has; empty
    where there is none, as behind a socket file."""
    client = scope.get("client")
    return network_of(str(client[0])) if client else ""


def network_of(address: str) -> str:
    """Return an address, or the /64 network of an IPv6 address. One of IPv4 is the same in the
    form that a socket of both families has for it (::ffff:192.0.2.1)."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


COUNTED = "chat.counted"
"""In the scope of a request that was counted as one without a token, and has a place."""


async def seconds_until_room(address: str) -> float:
    """Return 0.0 and count one for this address; or return how long it has to wait."""
    if not address or not settings.CHAT_RATE_LIMITS:
        return 0.0
    return await _rates.take(STRANGERS, address)


async def require_room(address: str) -> None:
    """Count one request of this address that has turned out to have no valid token.

    Raises RateLimited after a moment, during which the address has one place less.
    """
    if not address:
        return
    network = network_of(address)
    async with turn(_turns, network):
        wait = await seconds_until_room(network)
        if wait > 0:
            await refuse(wait)


def limited(application: Any) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return this ASGI application with its HTTP requests without a token limited by address."""

    async def limited_application(scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(scope)
        if not address or _shows_a_token(scope):
            await application(scope, receive, send)
            return
        probe = scope["path"].startswith(_PROBES)
        receive = await _whole_body(receive)
        scope = {**scope, COUNTED: True}
        try:
            async with turn(_turns, f"probes {address}" if probe else address):
                wait = 0.0 if probe else await seconds_until_room(address)
                if wait > 0:
                    await refuse(wait)
                await application(scope, receive, send)
        except RateLimited as limited:
            await _answer(send, limited)

    return limited_application


def _shows_a_token(scope: Scope) -> bool:
    """Whether the API will ask whose token this is. Where it is nobody's, that counts as well,
    see `require_room`."""
    if not scope["path"].startswith(_API) or scope.get("method") == "OPTIONS":
        return False  # a preflight shows none, and is answered before anybody looks
    return any(name == b"authorization" for name, _ in scope["headers"])


async def _whole_body(receive: Receive) -> Receive:
    """A `receive` that has the body already, or the first 64 KiB of it: a client that sends it
    slowly holds no place."""
    messages: list[Message] = []
    more, size = True, 0
    while more and size < _READ_AHEAD_BYTES:
        message = await receive()
        messages.append(message)
        more = message["type"] == "http.request" and message.get("more_body", False)
        size += len(message.get("body", b""))
    waiting = iter(messages)

    async def receive_rest() -> Message:
        return next(waiting, None) or await receive()

    return receive_rest


async def _answer(send: Send, limited: RateLimited) -> None:
    problem = problem_of(limited)
    body = render_json(problem.as_document(""))
    headers = {
        **problem.as_headers(),
        "Content-Type": problem.MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
    }
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
