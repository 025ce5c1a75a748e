"""Resolves the names of hosts, by the system's resolver."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

from messaging.outbound.addresses import Address, as_address

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

_THREADS = 4
"""A name server that hangs blocks no other thread."""


class Resolver:
    """Resolves names in threads of its own. Requests that need the same name at the same time share
    a look-up, so a name whose server hangs holds one thread, and leaves the others to other
    names."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="outbound-resolver")
        self._running: dict[tuple[str, int], asyncio.Future[Sequence[Any]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """Return the addresses of a name. Raises OSError, UnicodeError."""
        address = as_address(host)
        if address is not None:
            return [address]
        name = host, port
        running = self._running.get(name)
        if running is None:
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._threads, _resolve, host, port)
            self._running[name] = running
            running.add_done_callback(lambda _: self._running.pop(name, None))
        found = await asyncio.shield(running)
        return list(dict.fromkeys(ip_address(one[4][0]) for one in found))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _resolve(host: str, port: int) -> Sequence[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
