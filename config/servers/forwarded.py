"""The client's address behind proxies: the address that the farthest trusted proxy has seen.

Each proxy appends the address of its peer to `X-Forwarded-For` and keeps what it received, so only
the last addresses come from proxies. `TRUSTED_PROXIES` is their number. Anything but an address is
never accepted; then the peer's own address counts. So a hostile header can neither remove a
client's address nor choose it.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Protocol

_HEADER = b"x-forwarded-for"
_MOST_CHARACTERS = 128
"""The longest address with a scope, a port and spaces is shorter."""
_PEER = "chat.peer"
"""In the scope: the address of the connection, before any header was read."""
_SCHEMES = {b"http": "http", b"https": "https", b"ws": "http", b"wss": "https"}

Scope = MutableMapping[str, Any]


class Hosts(Protocol):
    """A set of hosts; a connection without an address has the host None."""

    def __contains__(self, host: str | None, /) -> bool: ...


def forwarded_address(values: Iterable[bytes], proxies: int) -> str | None:
    """Return the address at position `proxies` from the right in these lines of `X-Forwarded-For`,
    without a port. Return None if there is none, or if it is not an IP address."""
    items = b",".join(values).decode("latin-1").rsplit(",", proxies)
    if len(items) < proxies:
        return None
    return _address_in(items[-proxies])


def forwarded_scheme(values: Iterable[bytes]) -> str | None:
    """Return `http` or `https` from the last line of `X-Forwarded-Proto`; None for any other
    value."""
    last = b""
    for last in values:  # noqa: B007 - the last one is looked for
        pass
    return _SCHEMES.get(last.strip().lower())


def _address_in(item: str) -> str | None:
    """Parse `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`."""
    return _parsed(item) if len(item) <= _MOST_CHARACTERS else None


@lru_cache(maxsize=4_096)
def _parsed(item: str) -> str | None:
    host = item.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def with_peer(application: Any) -> Callable[..., Awaitable[None]]:
    """Return an application that stores the connection's address in the scope, where `with_client`
    finds it. Wrap it around uvicorn's middleware, which overwrites the address."""

    async def noting(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            scope[_PEER] = scope.get("client")
        await application(scope, receive, send)

    return noting


def with_client(scope: Scope, *, proxies: int, trusted: Hosts) -> Scope:
    """Return a scope with the client's address from the trusted proxies.

    If uvicorn trusts the peer, it has already read the header: it uses the last address that is not
    `trusted`. The number of `proxies` decides instead; 0 keeps uvicorn's result. If all addresses
    are trusted, uvicorn uses the first, which a client can choose; then 0 means 1.
    """
    if _PEER not in scope:
        return scope
    peer, client = scope[_PEER], scope.get("client")
    if _host(peer) not in trusted:
        return scope
    if proxies == 0 and _host(client) in trusted:
        proxies = 1
    if proxies == 0:
        address = _address_in(client[0]) if client else None
    else:
        address = forwarded_address(_lines_of(scope), proxies)
    return {**scope, "client": peer if address is None else (address, 0)}


def _host(address: tuple[str, int] | None) -> str | None:
    return address[0] if address else None


def _lines_of(scope: Mapping[str, Any]) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == _HEADER]
