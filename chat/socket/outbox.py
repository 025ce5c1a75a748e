"""The outbox of a socket: what waits to be written, so that nobody else waits for a slow client.

A frame is written at once, in the step of whoever puts it, for as long as the server takes it.
What the server lets wait, because its own buffer for this client is full, goes on in a task, and
what follows waits here: bounded in frames and in bytes, each kind in its turn. Where the bound is
reached, soft events go first; then the client is closed with 4001, comes back and syncs.

Before anything waits here, a client that does not read fills the kernel's buffers and the
server's: 64 KiB in uvicorn, and in daphne as `config.servers.daphne` sees to it.
"""

import asyncio
import contextlib
import itertools
import types
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import structlog

from chat.socket.close_codes import CloseCode, close_message
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.hub.connections import Ending
from messaging.instruments import metrics
from messaging.instruments.memory import MIB, Weight

logger = structlog.get_logger(__name__)

_MAX_FRAMES = 1_000
_MAX_BYTES = 8 * MIB
_ALL = Weight("outboxes", most=256 * MIB)
"""Of all sockets of this process. Above it, a socket that takes more than its share is too slow."""
_waiting_sockets = 0

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


class Outbox:
    def __init__(
        self, send: Send, *, on_close: Callable[[], None], on_end: Callable[[Ending], None]
    ) -> None:
        """`on_close` is called when nothing more is taken, whether the client still reads or not;
        `on_end` when the core ends the connection, which is the moment to call `close`."""
        self._send = send
        self._on_close = on_close
        self._on_end = on_end
        self._waiting: OrderedDict[int | str, str] = OrderedDict()
        """In the order of writing; a soft frame under its key, any other under a number."""
        self._numbers = itertools.count()
        self._soft = 0
        self._bytes = 0
        self.close_code: CloseCode | None = None
        """With what it is being closed, where that begins here."""
        self._writer: asyncio.Task[None] | None = None
        self._roomy = asyncio.Event()
        self._roomy.set()

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self.close_code is not None

    def put(self, frame: str) -> None:
        """Write a frame, or queue it behind those that wait. Never blocks and never raises."""
        if self._writer is None:
            self._write(frame)
            return
        if self.closed:
            return
        self._queue(next(self._numbers), frame)
        if self._overflows():
            self._drop_soft()
        if self._overflows():
            self._forget()
            metrics.SLOW_SOCKETS_CLOSED.inc()
            self.close(CloseCode.TOO_SLOW)

    def put_soft(self, frame: str, key: str) -> None:
        """As `put`, for a frame that may be dropped: only the latest of a key waits."""
        if self._writer is None:
            self._write(frame)
            return
        if self.closed:
            return
        replaced = self._waiting.pop(key, None)
        if replaced is not None:
            self._unqueue(key, replaced)
            metrics.SOFT_EVENTS_DROPPED.labels(reason="replaced").inc()
        self._queue(key, frame)
        if self._overflows():
            self._drop_soft()

    def end(self, reason: Ending) -> None:
        self._on_end(reason)

    async def room(self) -> None:
        """Return once less than half of what may wait does."""
        await self._roomy.wait()

    def close(self, code: CloseCode, *, drop: bool = False) -> None:
        """Take nothing more; write what waits, or drop it, then close the socket with this
        code."""
        if drop:
            self._forget()
        if self.closed:
            return
        self.close_code = code
        self._roomy.set()
        if self._writer is None:
            self._start(close_message(code))
        self._on_close()

    def forget_callbacks(self) -> None:
        """Call neither `on_close` nor `on_end` from now on."""
        self._on_close = self._on_end = _tell_nobody

    async def stop(self) -> None:
        """The client is gone: write nothing more, and tell nobody of anything."""
        self.forget_callbacks()
        if self._writer is not None:
            await stop_tasks(self._writer)
        self._forget()

    def _write(self, frame: str) -> None:
        if not self.closed:
            self._start({"type": "websocket.send", "text": frame})

    def _start(self, message: dict[str, Any]) -> None:
        """Take the first step of a send by hand, without a task. For a server that takes the
        message it is the last one too."""
        sending = self._send(message)
        try:
            awaited = sending.send(None)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - a server may raise anything
            self._fail(error)
        else:
            self._writer = start_task(self._go_on(sending, awaited))

    async def _go_on(self, sending: Coroutine[Any, Any, None], awaited: object) -> None:
        try:
            await _resumed(sending, awaited)
            while self._waiting:
                key, frame = self._waiting.popitem(last=False)
                self._unqueue(key, frame)
                await self._send({"type": "websocket.send", "text": frame})
            if self.close_code is None:
                self._writer = None
            else:
                await self._send(close_message(self.close_code))
        except Exception as error:  # noqa: BLE001
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """The client is gone, of which a server tells by an OSError (ASGI 2.4), or the server
        has a fault. Either way there is nobody to write to."""
        if not isinstance(error, OSError):
            logger.error("outbox.failed", exc_info=error)
        self._forget()
        if not self.closed:
            self.close_code = CloseCode.LOST
            self._on_close()

    # What waits

    def _queue(self, key: int | str, frame: str) -> None:
        self._waiting[key] = frame
        self._soft += isinstance(key, str)
        self._weigh(_size(frame))
        if not self._is_roomy():
            self._roomy.clear()

    def _unqueue(self, key: int | str, frame: str) -> None:
        self._soft -= isinstance(key, str)
        self._weigh(-_size(frame))
        if self._is_roomy():
            self._roomy.set()

    def _forget(self) -> None:
        """Drop all of it."""
        self._waiting.clear()
        self._soft = 0
        self._weigh(-self._bytes)

    def _weigh(self, size: int) -> None:
        global _waiting_sockets  # noqa: PLW0603 - of all sockets
        _waiting_sockets -= self._bytes > 0
        self._bytes += size
        _ALL.bytes += size
        _waiting_sockets += self._bytes > 0

    def _drop_soft(self) -> None:
        if not self._soft:
            return
        keys = [key for key in self._waiting if isinstance(key, str)]
        for key in keys:
            self._unqueue(key, self._waiting.pop(key))
        metrics.SOFT_EVENTS_DROPPED.labels(reason="overflow").inc(len(keys))

    def _overflows(self) -> bool:
        if len(self._waiting) > _MAX_FRAMES or self._bytes > _MAX_BYTES:
            return True
        return _ALL.full and self._bytes * _waiting_sockets >= _ALL.bytes

    def _is_roomy(self) -> bool:
        return len(self._waiting) < _MAX_FRAMES / 2 and self._bytes < _MAX_BYTES / 2


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, None], awaited: object) -> Generator[object, Any, None]:
    """The rest of a coroutine whose first step was taken by hand, and led to `awaited`."""
    with contextlib.closing(coroutine):
        yield awaited
        yield from coroutine.__await__()


def _tell_nobody(*_: object) -> None: ...


def _size(frame: str) -> int:
    return len(frame) if frame.isascii() else len(frame.encode())
