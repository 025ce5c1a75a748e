"""The guard of outgoing connections: it resolves a name itself, checks every address, and connects
to an address that it has checked.

A check of the URL alone would not do. A name may resolve to a private address, and to another
address at the next look-up (DNS rebinding). `getaddrinfo` also reads `2130706433`, `0x7f.1` and
`017700000001` as addresses. TLS still verifies the name, because only the connection uses the
address.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

import httpcore

from messaging.outbound.addresses import Address, Network, is_permitted

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

_RESOLVERS = 4
"""The threads that resolve names. A name server that hangs blocks no other thread."""
_MAX_TRIED = 3
"""The addresses of a name that are tried one after the other."""


class AddressRefused(Exception):
    """The name has no address to which a connection may be made."""


class Resolver:
    """Resolves names by the system's resolver, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="outbound-resolver")

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """Return the addresses of a name. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _resolve, host, port)
        return list(dict.fromkeys(ip_address(one[4][0]) for one in found))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _resolve(host: str, port: int) -> Sequence[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore, only to permitted addresses."""

    def __init__(
        self, *, resolve: Resolve, listed: Sequence[Network], only_listed: bool = False
    ) -> None:
        """Create a backend. `listed` are the operator's own networks. With `only_listed`, it
        connects only to them: plain HTTP does not cross the Internet."""
        self._resolve = resolve
        self._listed = listed
        self._only_listed = only_listed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"The name cannot be resolved: {error}.") from error
        permitted = [
            one
            for one in addresses
            if is_permitted(one, self._listed, only_listed=self._only_listed)
        ]
        if not permitted:
            raise AddressRefused
        for number, address in enumerate(permitted[:_MAX_TRIED], start=1):
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError:
                if number == min(len(permitted), _MAX_TRIED):
                    raise
        raise AssertionError

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)
