"""The outbox of a socket: writes frames at once, or lets them wait, so that a slow client delays
nobody else.

While the server accepts frames, none waits: with a direct transport, all frames of one step of the
event loop leave in one write at its end; otherwise each is sent in the step of its caller. If the
server's own buffer for this client is full, a task continues the write, and later frames wait here.
When too much waits, the client is closed with 4001; it reconnects and syncs.

A client that does not read first fills the buffers of the kernel and of the server: 64 KiB in
uvicorn, and in daphne as `config.servers.daphne` sets it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from chat.socket.close_codes import CloseCode, close_message
from chat.socket.direct_transport import DirectTransport
from chat.socket.waiting_frames import WaitingFrames
from messaging.concurrency.first_step import resumed
from messaging.concurrency.flag import Flag
from messaging.concurrency.tasks import start_task, stop_tasks
from messaging.delivery.hub.connections import Ending
from messaging.delivery.shared_frames import SharedFrames
from messaging.instruments import metrics

logger = structlog.get_logger(__name__)

_MAX_READY = 256 * 1024
"""The characters that are collected for one write."""

Send = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


class Outbox:
    __slots__ = (
        "_collects",
        "_direct",
        "_more",
        "_more_characters",
        "_on_close",
        "_on_end",
        "_ready",
        "_roomy",
        "_send",
        "_step_end",
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
        self._step_end = None if direct is None else direct.step_end
        self._collects = direct is not None
        """Whether frames are collected until the end of the step: the outbox is open, and nothing
        waits."""
        self._ready: SharedFrames | None = None
        """The first frames of this step."""
        self._more: list[SharedFrames] | None = None
        """The frames of this step behind `_ready`."""
        self._more_characters = 0
        self._on_close = on_close
        self._on_end = on_end
        self._waiting: WaitingFrames | None = None
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
        only the latest frame of a key waits. Never blocks and never raises.

        Every delivery to every socket passes here and `at_step_end`: each test is made once.
        """
        if self._collects:
            if self._ready is None:
                self._ready = frames
                self._step_end.soon(self)  # type: ignore[union-attr] # there is one if it collects
            else:
                self._collect(frames)
        else:
            self._put(frames)

    def at_step_end(self) -> None:
        """Write all frames of this step at once."""
        frames = self._ready
        if frames is None:
            return  # written, or dropped, earlier in this step
        direct = self._direct
        assert direct is not None
        write = direct.write_now
        if write is None or self._more is not None:
            self._write_ready()
            return
        self._ready = None
        data = frames.encoded  # mostly, another socket had it first
        try:
            write(_encoded(frames, direct) if data is None else data)
        except Exception as error:  # noqa: BLE001 - a transport may raise anything
            self._fail(error)

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
        self._stop_collecting(code)
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

    # The frames of this step

    def _collect(self, frames: SharedFrames) -> None:
        """Add frames behind the first ones of this step, and write all of them if they are many."""
        assert self._ready is not None
        if self._more is None:
            self._more, self._more_characters = [], 0
        self._more.append(frames)
        self._more_characters += frames.characters
        if self._ready.characters + self._more_characters > _MAX_READY:
            self._write_ready()

    def _write_ready(self) -> None:
        """Write the frames of this step. What the server does not take goes through `_put`, which
        waits for the client."""
        first, direct = self._ready, self._direct
        if first is None or direct is None:
            return
        ready = [first, *(self._more or ())]
        self._ready = self._more = None
        try:
            if direct.write(b"".join([_encoded(frames, direct) for frames in ready])):
                return
        except Exception as error:  # noqa: BLE001 - a transport may raise anything
            self._fail(error)
            return
        for frames in ready:
            self._put(frames)

    # Frames that the server sends by itself, and frames that wait for it

    def _put(self, frames: SharedFrames) -> None:
        for text in frames.texts:
            if self.closed:
                return
            if self._writer is None:
                self._start({"type": "websocket.send", "text": text})
            else:
                self._wait(text, frames.key)

    def _wait(self, text: str, key: str | None) -> None:
        if self._waiting is None:
            self._waiting = WaitingFrames()
        if not self._waiting.add(text, key):
            self._forget()
            metrics.SLOW_SOCKETS_CLOSED.inc()
            self.close(CloseCode.TOO_SLOW)
        elif not self._waiting.has_room:
            self._roomy.clear()

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
            self._collects = False
            self._writer = start_task(self._go_on(sending, awaited))

    async def _go_on(self, sending: Coroutine[Any, Any, None], awaited: object) -> None:
        try:
            await resumed(sending, awaited)
            while self._waiting:
                frame = self._waiting.take()
                if self._waiting.has_room:
                    self._roomy.set()
                await self._send({"type": "websocket.send", "text": frame})
            self._waiting = None
            if self.close_code is None:
                self._writer = None
                self._collects = self._direct is not None
            else:
                await self._send(close_message(self.close_code))
        except Exception as error:  # noqa: BLE001
            self._fail(error)

    # The end

    def _fail(self, error: Exception) -> None:
        """Handle a failed send. The client is gone, which a server reports with an OSError (ASGI
        2.4), or the server has a bug. In both cases nothing more can be written."""
        if not isinstance(error, OSError):
            logger.error("outbox.failed", exc_info=error)
        self._forget()
        if not self.closed:
            self._stop_collecting(CloseCode.LOST)
            self._on_close()

    def _stop_collecting(self, code: CloseCode) -> None:
        self.close_code = code
        self._collects = False

    def _forget(self) -> None:
        """Drop all frames."""
        self._ready = self._more = None
        if self._waiting is not None:
            self._waiting.clear()


def _encoded(frames: SharedFrames, direct: DirectTransport) -> bytes:
    if frames.encoded is None:
        frames.encoded = direct.encode(frames.texts)
    return frames.encoded


def _tell_nobody(*_: object) -> None: ...
