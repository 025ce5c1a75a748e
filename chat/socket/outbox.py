"""The outbox of a socket: frames that wait, so that a slow client delays nobody else.

While the server accepts frames, none waits: with a direct writer, all frames of one step of the
event loop leave in one write at its end; otherwise each is sent in the step of its caller. If the
server's own buffer for this client is full, a task continues the write, and later frames wait here.
The outbox is bounded in frames and in bytes. When it is full, soft events are dropped first. Then
the client is closed with 4001; it reconnects and syncs.

A client that does not read first fills the buffers of the kernel and of the server: 64 KiB in
uvicorn, and in daphne as `config.servers.daphne` sets it.
"""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

import structlog

from chat.socket.close_codes import CloseCode, close_message
from messaging.concurrency.first_step import resumed
from messaging.concurrency.flag import Flag
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.hub.connections import Ending
from messaging.delivery.shared_frames import SharedFrames
from messaging.instruments import metrics
from messaging.instruments.memory import MIB, Weight

logger = structlog.get_logger(__name__)

_MAX_FRAMES = 1_000
_MAX_BYTES = 8 * MIB
_ALL = Weight("outboxes", most=256 * MIB)
"""The bound over all sockets of this process. Above it, a socket with more than its share counts as
too slow."""
_waiting_sockets = 0

_MAX_READY = 256 * 1024
"""The characters that are collected for one write."""

DIRECT_TRANSPORT = "chat.direct_transport"
"""The ASGI extension of a socket's scope with its `DirectTransport`."""

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


class DirectTransport(Protocol):
    """Writes to the transport of one socket, and reads from it, past ASGI. A server of ours offers
    it in the scope."""

    def encode(self, texts: Sequence[str]) -> bytes:
        """Return these text frames as the server writes them. All writers of a process encode
        alike."""

    def write(self, data: bytes) -> bool:
        """Write encoded frames, or drop them if the socket has been closed. Return False, having
        done neither, if the client is behind: then the frames must go through ASGI's `send`."""

    def soon(self, callback: Callable[[], None]) -> None:
        """Call this at the end of the current step of the event loop."""

    def read(self, take: Callable[[str], bool] | None) -> None:
        """Pass text messages to `take`; with None, to nobody. A message for which it returns False
        comes through ASGI's `receive`, and so do all others until that has returned it."""


class Outbox:
    __slots__ = (
        "_bytes",
        "_direct",
        "_numbers",
        "_on_close",
        "_on_end",
        "_ready",
        "_ready_characters",
        "_roomy",
        "_send",
        "_soft",
        "_waiting",
        "_writer",
        "close_code",
    )

    def __init__(
        self,
        send: Send,
        *,
        direct: DirectTransport | None = None,
        on_close: Callable[[], None],
        on_end: Callable[[Ending], None],
    ) -> None:
        """Create an outbox that writes with `direct`, if there is one, or with `send`.

        `on_close` is called when the outbox accepts no more frames, whether or not the client still
        reads. `on_end` is called when the core ends the connection; it should call `close`.
        """
        self._send = send
        self._direct = direct
        self._ready: list[SharedFrames] = []
        """For the write at the end of this step."""
        self._ready_characters = 0
        self._on_close = on_close
        self._on_end = on_end
        self._waiting: OrderedDict[int | str, str] = OrderedDict()
        """In the order of writing. The key of a soft frame is its own, any other key is a
        number."""
        self._numbers = itertools.count()
        self._soft = 0
        self._bytes = 0
        self.close_code: CloseCode | None = None
        """The close code, if this side closes the socket."""
        self._writer: asyncio.Task[None] | None = None
        self._roomy = Flag(is_set=True)

    @property
    def closed(self) -> bool:
        """Return whether the outbox accepts no more frames."""
        return self.close_code is not None

    def put(self, frame: str) -> None:
        """Write a frame, or queue it behind the waiting ones. Never blocks and never raises."""
        self.put_shared(SharedFrames(frame))

    def put_shared(self, frames: SharedFrames) -> None:
        """Write or queue frames that other sockets get, too. A frame with a key may be dropped:
        only the latest frame of a key waits. Never blocks and never raises."""
        if self.close_code is not None:
            return
        if self._writer is None and self._direct is not None:
            if not self._ready:
                self._direct.soon(self._write_ready)
            self._ready.append(frames)
            self._ready_characters += frames.characters
            if self._ready_characters > _MAX_READY:
                self._write_ready()
        else:
            self._put(frames)

    def _put(self, frames: SharedFrames) -> None:
        for text in frames.texts:
            if self.closed:
                return
            if self._writer is None:
                self._start({"type": "websocket.send", "text": text})
            elif frames.key is None:
                self._put_durable(text)
            else:
                self._put_soft(text, frames.key)

    def _put_durable(self, frame: str) -> None:
        self._queue(next(self._numbers), frame)
        if self._overflows():
            self._drop_soft()
        if self._overflows():
            self._forget()
            metrics.SLOW_SOCKETS_CLOSED.inc()
            self.close(CloseCode.TOO_SLOW)

    def _put_soft(self, frame: str, key: str) -> None:
        replaced = self._waiting.pop(key, None)
        if replaced is not None:
            self._unqueue(key, replaced)
            metrics.SOFT_EVENTS_DROPPED.labels(reason="replaced").inc()
        self._queue(key, frame)
        if self._overflows():
            self._drop_soft()

    def end(self, reason: Ending) -> None:
        self._on_end(reason)

    @property
    def has_room(self) -> bool:
        """Return whether the outbox is less than half full."""
        return self._roomy.is_set()

    async def room(self) -> None:
        """Wait until the outbox is less than half full."""
        await self._roomy.wait()

    def close(self, code: CloseCode, *, drop: bool = False) -> None:
        """Accept no more frames. Write the waiting ones, or drop them, then close the socket with
        this code."""
        if drop:
            self._forget()
        else:
            self._write_ready()
        if self.closed:
            return
        self.close_code = code
        self._roomy.set()
        if self._writer is None:
            self._start(close_message(code))
        self._on_close()

    def forget_callbacks(self) -> None:
        """Call neither `on_close` nor `on_end` any more."""
        self._on_close = self._on_end = _tell_nobody

    async def stop(self) -> None:
        """Stop: the client is gone. Write nothing more, and call nothing."""
        self.forget_callbacks()
        if self._writer is not None:
            await stop_tasks(self._writer)
        self._forget()

    def _write_ready(self) -> None:
        """Write all frames of this step at once. What the server does not take goes through `_put`,
        which waits for the client."""
        ready, direct = self._ready, self._direct
        if not ready or direct is None:
            return
        self._ready, self._ready_characters = [], 0
        encoded = []
        for frames in ready:
            if frames.encoded is None:
                frames.encoded = direct.encode(frames.texts)
            encoded.append(frames.encoded)
        try:
            written = direct.write(encoded[0] if len(encoded) == 1 else b"".join(encoded))
        except Exception as error:  # noqa: BLE001 - a transport may raise anything
            self._fail(error)
            return
        if not written:
            for frames in ready:
                self._put(frames)

    def _start(self, message: dict[str, Any]) -> None:
        """Run the first step of a send without a task. If the server accepts the message, this is
        also the last step."""
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
            await resumed(sending, awaited)
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
        """Handle a failed send. The client is gone, which a server reports with an OSError (ASGI
        2.4), or the server has a bug. In both cases nothing more can be written."""
        if not isinstance(error, OSError):
            logger.error("outbox.failed", exc_info=error)
        self._forget()
        if not self.closed:
            self.close_code = CloseCode.LOST
            self._on_close()

    # Waiting frames

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
        """Drop all waiting frames."""
        self._ready, self._ready_characters = [], 0
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


def _tell_nobody(*_: object) -> None: ...


def _size(frame: str) -> int:
    return len(frame) if frame.isascii() else len(frame.encode())
