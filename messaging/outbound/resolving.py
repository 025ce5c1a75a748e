"""Resolves the names of hosts, by the system's resolver."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from itertools import islice
from threading import Thread

from messaging.outbound.addresses import Address, as_address

Resolve = Callable[[str], Awaitable[Sequence[Address]]]
_Found = asyncio.Future[Sequence[Address]]

_MAX_THREADS = 64
"""The names that are looked up at once."""
_MAX_ADDRESSES = 32
"""The addresses of a name that are considered. A hostile name server may send thousands."""


class Resolver:
    """Resolves names. Requests that need the same name at the same time share a look-up.

    Each look-up has a thread of its own, so that a name whose server hangs holds up no other name.
    A hung look-up cannot be ended. Its thread is a daemon: the end of the process does not wait
    for it.
    """

    def __init__(self) -> None:
        self._running: dict[str, _Found] = {}

    async def __call__(self, host: str) -> Sequence[Address]:
        """Return the addresses of a name. Raises OSError, UnicodeError."""
        address = as_address(host)
        if address is not None:
            return [address]
        found = self._running.get(host)
        if found is None:
            found = self._start(host)
        return await asyncio.shield(found)

    def _start(self, host: str) -> _Found:
        if len(self._running) >= _MAX_THREADS:
            raise OSError("Too many names are being looked up.")
        loop = asyncio.get_running_loop()
        found: _Found = loop.create_future()
        thread = Thread(target=_look_up, args=(loop, found, host), name="resolver", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no thread left
            raise OSError("No thread can be started.") from error
        self._running[host] = found
        found.add_done_callback(lambda _: self._running.pop(host, None))
        found.add_done_callback(lambda done: done.exception())  # whoever has asked may be gone
        return found


def _look_up(loop: asyncio.AbstractEventLoop, found: _Found, host: str) -> None:
    """Look a name up in this thread, and hand the result to the event loop."""
    with suppress(RuntimeError):  # the loop has ended meanwhile
        try:
            addresses = _resolve(host)
        except Exception as error:  # noqa: BLE001  it is raised where the addresses are awaited
            loop.call_soon_threadsafe(found.set_exception, error)
        else:
            loop.call_soon_threadsafe(found.set_result, addresses)


def _resolve(host: str) -> Sequence[Address]:
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    texts = dict.fromkeys(str(answer[4][0]) for answer in answers)
    return [ip_address(text) for text in islice(texts, _MAX_ADDRESSES)]
