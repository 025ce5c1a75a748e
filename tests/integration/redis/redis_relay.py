"""A relay in front of Redis that can take everything from now on and say nothing."""

import asyncio
import contextlib
from typing import Self


class RedisRelay:
    def __init__(self, redis_port: int) -> None:
        self._redis_port = redis_port
        self._swallowed = asyncio.Event()
        self._connections: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        for connection in self._connections:
            connection.close()
        await self._server.wait_closed()

    def swallow(self) -> None:
        """What comes on the connections of now goes nowhere, and they stay open. Later ones
        work."""
        self._swallowed.set()
        self._swallowed = asyncio.Event()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        swallowed = self._swallowed
        from_redis, to_redis = await asyncio.open_connection("127.0.0.1", self._redis_port)
        self._connections += [writer, to_redis]
        with contextlib.suppress(ConnectionError):
            await asyncio.gather(
                _pass_on(reader, to_redis, swallowed), _pass_on(from_redis, writer, swallowed)
            )


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, swallowed: asyncio.Event
) -> None:
    while data := await reader.read(65536):
        if not swallowed.is_set():
            writer.write(data)
    writer.close()
