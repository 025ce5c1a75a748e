"""The outbox of a socket: what waits to be written, so that nobody else waits for a slow client.

Bounded in frames and in characters. A client that reads so slowly that it overflows is closed
with 4001; it comes back and syncs.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from chat.closing import CODE_OF_ENDING, CloseCode
from messaging.delivery.connection import Ending

_MOST_FRAMES = 1_000
_MOST_CHARACTERS = 8 * 1024 * 1024

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Outbox:
    def __init__(self, send: Send, *, on_close: Callable[[], None]) -> None:
        """`on_close` is called when the outbox is to be closed, whether the client still reads
        or not."""
        self._send = send
        self._on_close = on_close
        self._frames: deque[str] = deque()
        self._characters = 0
        self._filled = asyncio.Event()
        self._close_code: int | None = None
        self._task = asyncio.create_task(self._write())

    def put(self, frame: str) -> None:
        """Queue a frame. Never blocks and never raises."""
        if self._close_code is not None:
            return
        self._frames.append(frame)
        self._characters += len(frame)
        if len(self._frames) > _MOST_FRAMES or self._characters > _MOST_CHARACTERS:
            self._frames.clear()
            self.close(CloseCode.TOO_SLOW)
        self._filled.set()

    def put_soft(self, frame: str, key: str) -> None:
        self.put(frame)

    def end(self, reason: Ending) -> None:
        self.close(CODE_OF_ENDING[reason])

    def close(self, code: int) -> None:
        """Write what is queued, then close the socket with this code."""
        if self._close_code is None:
            self._close_code = code
            self._filled.set()
            self._on_close()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._frames:
                frame = self._frames.popleft()
                self._characters -= len(frame)
                await self._send({"type": "websocket.send", "text": frame})
            if self._close_code is not None:
                await self._send({"type": "websocket.close", "code": int(self._close_code)})
                return
