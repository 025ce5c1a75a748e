"""HTTP answers that wait for their clients to read them.

A server keeps what a client does not read. A page of messages has up to 3 MB, and a client that
requests many and reads none would fill the memory. So these answers have a bound in bytes over all
connections. Above it, the address with most of them loses its oldest one. Each answer also has a
time limit that depends on its size.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass

from config.servers import connection_bounds as bounds
from messaging.instruments.memory import MIB, Weight
from messaging.instruments.metrics import CONNECTIONS_REFUSED

_MAX_BYTES = 64 * MIB
_UNSENT_BYTES = 128 * 1024
"""The bytes that the kernel keeps of a connection besides those in flight (Linux, tcp(7))."""


@dataclass(frozen=True, slots=True)
class _Unread:
    address: str
    size: int
    end: Callable[[], None]
    timer: asyncio.TimerHandle


class UnreadAnswers:
    """The unread answers of one process."""

    def __init__(self, most: int = _MAX_BYTES) -> None:
        self.weight = Weight("answers", most=most)
        self._answers: dict[object, _Unread] = {}

    def enter(
        self, connection: object, *, address: str, size: int, end: Callable[[], None]
    ) -> None:
        """Record the bytes that wait for this connection. `end` aborts it, and is called if that
        takes too long or too much waits."""
        if connection in self._answers:
            return
        seconds = bounds.BODY_SECONDS + size / bounds.BODY_BYTES_PER_SECOND
        timer = asyncio.get_running_loop().call_later(seconds, self._end, connection)
        self._answers[connection] = _Unread(address, size, end, timer)
        self.weight.bytes += size
        while self.weight.bytes > self.weight.most:
            self._end(self._oldest_of_the_largest())

    def leave(self, connection: object) -> None:
        """Remove the connection: everything was read, or it is closed."""
        unread = self._answers.pop(connection, None)
        if unread is not None:
            unread.timer.cancel()
            self.weight.bytes -= unread.size

    def end(self, connection: object) -> bool:
        """Abort the connection if it has an unread answer, and return whether it had one.

        A connection that becomes a WebSocket must have none: nothing here would notice when it is
        read.
        """
        if connection not in self._answers:
            return False
        self._end(connection)
        return True

    def _end(self, connection: object) -> None:
        end = self._answers[connection].end
        self.leave(connection)
        CONNECTIONS_REFUSED.labels("unread").inc()
        end()

    def _oldest_of_the_largest(self) -> object:
        sizes: dict[str, int] = {}
        for unread in self._answers.values():
            sizes[unread.address] = sizes.get(unread.address, 0) + unread.size
        largest = max(sizes, key=sizes.__getitem__)
        return next(key for key, unread in self._answers.items() if unread.address == largest)


UNREAD = UnreadAnswers()


def keep_little_unsent(connection: socket.socket | None) -> None:
    """Bound the bytes that the kernel accepts of an answer before the client reads it. This does
    nothing without such an option: for Unix sockets, and on systems other than Linux and macOS."""
    if connection is not None:
        with contextlib.suppress(OSError, AttributeError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
