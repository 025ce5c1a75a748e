"""The connections that wait for another request. A URL asks for those of its own origin only."""

import asyncio

from messaging.outbound.connection import Connection
from messaging.outbound.targets import Origin

_MAX_IDLE = 64
"""Of one origin."""
_SECONDS = 15.0


class IdleConnections:
    def __init__(self) -> None:
        self._idle: dict[Origin, dict[Connection, asyncio.TimerHandle]] = {}
        """The newest one is last."""
        self._closed = False

    def take(self, origin: Origin) -> Connection | None:
        """Return the open connection that has waited the least, or None."""
        waiting = self._idle.get(origin)
        while waiting:
            connection, expiry = waiting.popitem()
            expiry.cancel()
            if connection.open:
                return connection
        self._idle.pop(origin, None)
        return None

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection for a while."""
        waiting = self._idle.get(origin, {})
        if self._closed or len(waiting) >= _MAX_IDLE:
            connection.abort()
            return
        waiting[connection] = asyncio.get_running_loop().call_later(
            _SECONDS, self._expire, origin, connection
        )
        self._idle[origin] = waiting

    async def close(self) -> None:
        """End the connections, and keep none any more."""
        self._closed = True
        idle, self._idle = self._idle, {}
        for waiting in idle.values():
            for connection, expiry in waiting.items():
                expiry.cancel()
                connection.abort()
        for waiting in idle.values():
            for connection in waiting:
                await connection.ended()

    def _expire(self, origin: Origin, connection: Connection) -> None:
        waiting = self._idle[origin]
        del waiting[connection]
        if not waiting:
            del self._idle[origin]
        connection.abort()
