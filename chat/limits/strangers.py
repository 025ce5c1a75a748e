"""Strangers: limits on the requests of an address without a valid token.

Anyone may request the schema, the metrics or a page, or be refused without a token, and each
request costs something. So an address may run a few such requests at a time, and further ones
beyond a rate are refused. Requests with a valid token are not affected, whatever their address.
Behind a proxy, the client's address is known only if the server trusts the proxy. Otherwise all
strangers behind the proxy count as one address.
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
"""The rate per address and instance: enough for the pages of an office in the morning, but not for
a flood."""

PREFLIGHTS = Rate(name="preflights", per_second=100, burst=1_000)
"""The rate of preflights per address and instance. Browsers send one before each request to another
origin, even for people with a token. The answer costs less than a refusal."""

_NO_ADDRESS = "none"
"""The key for all clients without a known address, for example behind a socket file whose proxy
sends no header. They count as one address, and are limited too."""


def address_of(scope: Mapping[str, Any]) -> str:
    """Return the client's address, for IPv6 its /64 network, which is the share of one customer.
    Never empty."""
    client = scope.get("client")
    return network_of(str(client[0]) if client else "")


def network_of(address: str) -> str:
    """Return an address, or the /64 network of an IPv6 address. An IPv4 address is the same in its
    IPv6 form (::ffff:192.0.2.1). Never empty."""
    if ":" not in address:
        return address or _NO_ADDRESS
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


class Strangers:
    """The requests without a valid token that one application counts, by address."""

    def __init__(self, *, rate: Rate = STRANGERS, preflights: Rate = PREFLIGHTS) -> None:
        self._rate = rate
        self._preflights = preflights
        self._rates = Rates(None)
        self._turns = Turns(places=2, most_waiting=64)

    async def takes_preflight(self, address: str) -> bool:
        """Count one preflight of this address. Return False beyond the rate: the preflight then
        counts as a request without a token."""
        if not settings.CHAT_RATE_LIMITS:
            return True
        return await self._rates.take(self._preflights, address) == 0.0

    def is_beyond_its_rate(self, address: str) -> bool:
        """Return whether one more request of this address without a token would be refused."""
        if not settings.CHAT_RATE_LIMITS:
            return False
        return self._rates.seconds_until_room_here(self._rate, address) > 0

    def is_full(self, address: str) -> bool:
        """Return whether one more request of this address would be refused because too many
        wait."""
        return settings.CHAT_RATE_LIMITS is True and self._turns.is_full(address)

    @asynccontextmanager
    async def room(self, address: str) -> AsyncIterator[None]:
        """Count one request of this address without a token, and hold one of its slots meanwhile.

        Raises RateLimited after a moment.
        """
        async with turn(self._turns, address):
            wait = await self._seconds_until_room(address)
            if wait > 0:
                await refuse(wait)
            yield

    async def require_room(self, address: str) -> None:
        """Count one request of this address whose token turned out to be invalid.

        Raises RateLimited after a moment, during which the address has one slot less.
        """
        async with self.room(network_of(address)):
            pass

    async def count(self, scope: Mapping[str, Any]) -> None:
        """Run `require_room` for a socket that is closed anyway, with a more specific code than
        that of the rate."""
        with contextlib.suppress(RateLimited):
            await self.require_room(address_of(scope))

    async def _seconds_until_room(self, address: str) -> float:
        """Return 0.0 and count one for this address. Without room, return the seconds to wait."""
        if not settings.CHAT_RATE_LIMITS:
            return 0.0
        return await self._rates.take(self._rate, address)
