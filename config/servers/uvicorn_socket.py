"""uvicorn's WebSocket protocol, with a direct way between an application and the transport.

ASGI's `send` costs a coroutine, a dictionary and an encoding for every frame and socket. A frame
that goes to many sockets is encoded here once, and what is ready for one socket leaves in one
write. A whole text message comes from the gate without the parser and without `receive`. Everything
else goes the way of uvicorn.
"""

import asyncio
import struct
from collections.abc import Callable, MutableMapping, Sequence
from contextvars import Context
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import CONNECTING, OPEN

from chat.socket.outbox import DIRECT_TRANSPORT
from config.servers.backpressure import SocketGuard
from messaging.concurrency.flag import Flag

_WHOLE_TEXT = 0x81
_SHORT_HEADER = struct.Struct("!BBH")
_LONG_HEADER = struct.Struct("!BBQ")

Scope = MutableMapping[str, Any]


class StepEnd:
    """Calls back at the end of a step of the event loop: one timer for all sockets."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], None]] = []

    def soon(self, callback: Callable[[], None]) -> None:
        if not self._callbacks:
            # Not in the context of a request: its ids would appear in the log lines of others.
            asyncio.get_running_loop().call_soon(self._run, context=Context())
        self._callbacks.append(callback)

    def _run(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()


class Messages:
    """uvicorn's queue of a socket. It takes a tenth of the memory of an `asyncio.Queue`."""

    __slots__ = ("_messages", "_news")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._news = Flag()

    def empty(self) -> bool:
        return not self._messages

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        self._news.set()

    async def get(self) -> Any:
        while not self._messages:
            self._news.clear()
            await self._news.wait()
        return self._messages.pop(0)


class DirectProtocol(WebSocketsSansIOProtocol):
    """Knows whether a frame may be written past `send`, and keeps little for an open socket."""

    _behind = False
    """Whether the client reads more slowly than the server writes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.queue: Any = Messages()
        self.writable: Any = Flag(is_set=True)

    def start_keepalive(self) -> None:
        super().start_keepalive()
        # The handshake is complete, and the parser would keep its headers as long as the socket.
        self.request.headers.clear()
        self.response.headers.clear()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._behind = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self._behind = False

    def send_receive_event_to_app(self) -> None:
        # uvicorn would stop and resume reading for every message, each a call of the kernel. The
        # gate stops it when enough waits for the application.
        self.read_paused = True
        super().send_receive_event_to_app()
        self.read_paused = False

    @property
    def reads_directly(self) -> bool:
        """Return whether a message may go to the application past the parser: the socket is open,
        and no earlier message waits in uvicorn's queue."""
        return self.conn.state is OPEN and not self.close_sent and self.queue.empty()

    def write_frames(self, data: bytes) -> bool:
        """Write whole encoded frames, or drop them if the socket has been closed. Return False,
        having done neither, if the client is behind or the handshake is not complete."""
        if self._behind or self.conn.state is CONNECTING:
            return False
        if not self.close_sent and self.conn.state is OPEN and not self.transport.is_closing():
            self.transport.write(data)
        return True


def text_frame(payload: bytes) -> bytes:
    """Return the unmasked frame of a whole text message (RFC 6455 5.2), as a server sends it."""
    length = len(payload)
    if length < 126:
        return bytes((_WHOLE_TEXT, length)) + payload
    if length < 1 << 16:
        return _SHORT_HEADER.pack(_WHOLE_TEXT, 126, length) + payload
    return _LONG_HEADER.pack(_WHOLE_TEXT, 127, length) + payload


class UvicornTransport:
    """The `DirectTransport` of one socket."""

    __slots__ = ("_gate", "_guard", "_protocol", "_take", "_taken", "_write_frames", "soon")

    def __init__(self, protocol: DirectProtocol, step_end: StepEnd) -> None:
        self._protocol = protocol
        self._guard = SocketGuard.of(protocol.transport)
        self._gate = self._guard.gate
        self._write_frames = protocol.write_frames
        self.soon = step_end.soon
        self._take: Callable[[str], bool] | None = None
        self._taken = 0
        """The messages that were taken in this step. The gate hears of them at its end, and so
        passes on only a few messages in one step."""

    @staticmethod
    def encode(texts: Sequence[str]) -> bytes:
        return b"".join([text_frame(text.encode()) for text in texts])

    def write(self, data: bytes) -> bool:
        if self._gate.refused:
            return True  # nobody reads it
        return self._write_frames(data)

    def read(self, take: Callable[[str], bool] | None) -> None:
        self._take = take
        self._gate.take_text = None if take is None else self._take_text

    def _take_text(self, payload: bytes) -> bool:
        if self._take is None or not self._protocol.reads_directly:
            return False
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            return False  # uvicorn answers with 1007
        if not self._take(text):
            return False
        if not self._taken:
            self.soon(self._note_taken)
        self._taken += 1
        return True

    def _note_taken(self) -> None:
        taken, self._taken = self._taken, 0
        for _ in range(taken):
            self._guard.taken()


def add_direct_transport(scope: Scope, send: Any, step_end: StepEnd) -> None:
    """Add to the scope the writer of the socket that this `send` of the server answers. On another
    server, the scope stays as it is."""
    protocol = getattr(send, "__self__", None)
    if isinstance(protocol, DirectProtocol):
        writer = UvicornTransport(protocol, step_end)
        scope["extensions"] = {**scope.get("extensions", {}), DIRECT_TRANSPORT: writer}
