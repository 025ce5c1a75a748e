"""A server of connections for tests: it listens on a port of its own and leaves nothing behind."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from typing import Self

_MAX_LINE = 64 * 1024


class Listener(ABC):
    """Serves each connection in a task of its own, for as long as the context is entered."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, which ends when this returns, or raises OSError or EOFError."""

    async def __aenter__(self) -> Self:
        accept = self._accept
        self._server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=_MAX_LINE)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        # asyncio's streams complain loudly of a handler that ends cancelled.
        endings = (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError)
        try:
            with contextlib.suppress(*endings):
                await self.serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
