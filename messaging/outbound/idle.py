"""The connections that wait for another request. A URL asks for those of its own origin only."""

import asyncio
from collections import OrderedDict

from messaging.outbound.connection import Connection
from messaging.outbound.targets import Origin

_MAX_IDLE = 64
"""Of one origin: the moderation hook asks so many questions at once."""
_MAX_ALL = 256
"""Of all origins."""
_SECONDS = 15.0


class IdleConnections:
    def __init__(self) -> None:
        self._idle: dict[Origin, OrderedDict[Connection, None]] = {}
        """The newest one is last."""
        self._expiries: OrderedDict[Connection, tuple[Origin, asyncio.TimerHandle]] = OrderedDict()
        """Those of all origins; the newest one is last."""
        self._closed = False

    def __len__(self) -> int:
        return len(self._expiries)

    def take(self, origin: Origin) -> Connection | None:
        """Return the open connection that has waited the least, or None."""
        while waiting := self._idle.get(origin):
            connection = next(reversed(waiting))
            self._remove(connection)
            if connection.quiet:
                return connection
            connection.abort()
        return None

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection for a while. Beyond the bounds, the one that has waited the longest
        ends."""
        if self._closed:
            connection.abort()
            return
        waiting = self._idle.setdefault(origin, OrderedDict())
        waiting[connection] = None
        expiry = asyncio.get_running_loop().call_later(_SECONDS, self._end, connection)
        self._expiries[connection] = origin, expiry
        if len(waiting) > _MAX_IDLE:
            self._end(next(iter(waiting)))
        if len(self._expiries) > _MAX_ALL:
            self._end(next(iter(self._expiries)))

    async def close(self) -> None:
        """End the connections, and keep none any more."""
        self._closed = True
        ending = tuple(self._expiries)
        for connection in ending:
            self._end(connection)
        for connection in ending:
            await connection.ended()

    def _end(self, connection: Connection) -> None:
        self._remove(connection)
        connection.abort()

    def _remove(self, connection: Connection) -> None:
        origin, expiry = self._expiries.pop(connection)
        expiry.cancel()
        waiting = self._idle[origin]
        del waiting[connection]
        if not waiting:
            del self._idle[origin]
