"""Strangers: what an address may ask without a valid token.

Anybody may ask for the schema, the metrics, a page, or be refused for want of a token, and each
time it costs us something. So requests of one address without a token are carried out a few at a
time, and beyond a rate they are refused. Requests with a valid token are not concerned, whatever
address they come from. Behind a proxy the address is that of the client only where the server is
told to trust the proxy; else all strangers behind the proxy count as one.
"""

import contextlib
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from django.conf import settings

from chat.limits.throttling import refuse, turn
from messaging.concurrency.turns import Turns
from messaging.domain.exceptions import RateLimited
from messaging.redis.rate_limits import Rate, Rates

STRANGERS = Rate(name="strangers", per_second=20, burst=300)
"""Of one address on one instance: the pages of an office at nine o'clock, and no flood."""

PREFLIGHTS = Rate(name="preflights", per_second=100, burst=1_000)
"""Of one address on one instance: browsers ask before each of a page's requests to another origin,
also before those of people with a token. The answer costs less than a refusal of a stranger."""

_rates = Rates(None)
_turns = Turns(places=2, most_waiting=64)


_NO_ADDRESS = "none"
"""All clients whose address is not known, as behind a socket file whose proxy says nothing: they
count as one, and are not without limits."""


def address_of(scope: Mapping[str, Any]) -> str:
    """Return the client's address, of IPv6 the /64 network, which is what one customer has. Never
    empty."""
    client = scope.get("client")
    return network_of(str(client[0]) if client else "")


def network_of(address: str) -> str:
    """Return an address, or the /64 network of an IPv6 address. One of IPv4 is the same in the
    form that a socket of both families has for it (::ffff:192.0.2.1). Never empty."""
    if ":" not in address:
        return address or _NO_ADDRESS
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


async def seconds_until_room(address: str) -> float:
    """Return 0.0 and count one for this address; or return how long it has to wait."""
    if not settings.CHAT_RATE_LIMITS:
        return 0.0
    return await _rates.take(STRANGERS, address)


async def takes_preflight(address: str) -> bool:
    """Count one preflight of this address; False beyond the rate, where it counts as a stranger."""
    if not settings.CHAT_RATE_LIMITS:
        return True
    return await _rates.take(PREFLIGHTS, address) == 0.0


def is_beyond_its_rate(address: str) -> bool:
    """Return whether one more request of this address without a token would be refused."""
    if not settings.CHAT_RATE_LIMITS:
        return False
    return _rates.seconds_until_room_here(STRANGERS, address) > 0


async def require_room(address: str) -> None:
    """Count one request of this address that has turned out to have no valid token.

    Raises RateLimited after a moment, during which the address has one place less.
    """
    async with room(network_of(address)):
        pass


def is_full(address: str) -> bool:
    """Return whether so many requests of this address wait that one more would be refused."""
    return settings.CHAT_RATE_LIMITS is True and _turns.is_full(address)


@asynccontextmanager
async def room(address: str) -> AsyncIterator[None]:
    """Count one request of this address without a token, and have one of its places meanwhile.

    Raises RateLimited after a moment.
    """
    async with turn(_turns, address):
        wait = await seconds_until_room(address)
        if wait > 0:
            await refuse(wait)
        yield


async def count(scope: Mapping[str, Any]) -> None:
    """`require_room` for a socket that is closed anyway, with a code that says more than that its
    address is beyond its rate."""
    with contextlib.suppress(RateLimited):
        await require_room(address_of(scope))
