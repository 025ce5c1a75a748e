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

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import CONNECTING, OPEN, Protocol

from chat.socket.direct_transport import DIRECT_TRANSPORT, AtStepEnd
from config.servers.backpressure import LINGER_SECONDS, SocketGuard
from messaging.concurrency.flag import Flag

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_WHOLE_TEXT = 0x81
_SHORT_HEADER = struct.Struct("!BBH")
_LONG_HEADER = struct.Struct("!BBQ")

logger = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]


class StepEnd:
    """The end of the current step of the event loop: one timer for all sockets."""

    def __init__(self) -> None:
        self.number = 0
        """Rises with each end at which there was work."""
        self._waiting: list[AtStepEnd] = []
        self.soon: Callable[[AtStepEnd], None] = self._first

    def _first(self, waiting: AtStepEnd) -> None:
        # Not in the context of a request: its ids would appear in the log lines of others.
        asyncio.get_running_loop().call_soon(self._run, context=Context())
        self._waiting.append(waiting)
        self.soon = self._waiting.append  # every further socket of this step costs one call of C

    def _run(self) -> None:
        ending, self._waiting = self._waiting, []
        self.number += 1
        self.soon = self._first
        for waiting in ending:
            try:
                waiting.at_step_end()
            except Exception:  # the sockets behind it would never write again
                logger.exception("socket.step_failed")


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
    """Knows whether a frame may be written past `send`, keeps little for an open socket, and aborts
    a socket whose client does not read up to its end.

    A transport that is closed first writes what waits. A client that reads nothing could keep it,
    its descriptor and all that waits for as long as the client lives.
    """

    behind = False
    """Whether the client reads more slowly than the server writes."""
    direct: "UvicornTransport | None" = None
    _close_sent = False
    _abort: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.queue: Any = Messages()
        self.writable: Any = Flag(is_set=True)

    def take_over(self, http: Any, request: Request) -> None:
        """Serve the connection of uvicorn's HTTP protocol, which has read this handshake."""
        self.transport = http.transport
        self.connections.add(self)
        self.server, self.client = http.server, http.client
        self.scheme = "wss" if http.scheme == "https" else "ws"
        # The handshake is checked below; what follows are frames.
        self.conn.parser.close()
        self.conn.parser = Protocol.parse(self.conn)
        next(self.conn.parser)
        self.handle_connect(request)
        self._changed()

    @property
    def close_sent(self) -> bool:
        return self._close_sent

    @close_sent.setter
    def close_sent(self, sent: bool) -> None:
        self._close_sent = sent
        self._changed()

    @property
    def is_open(self) -> bool:
        """Return whether frames may be written: no close frame was sent or received."""
        return self.conn.state is OPEN and not self._close_sent and not self.transport.is_closing()

    def start_keepalive(self) -> None:
        super().start_keepalive()
        # The handshake is complete, and the parser would keep its headers as long as the socket.
        self.request.headers.clear()
        self.response.headers.clear()
        self._changed()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._changed()

    def eof_received(self) -> None:
        super().eof_received()
        self.transport.close()  # as the transport itself does next
        self._changed()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._abort is not None:
            self._abort.cancel()
        self._changed()
        self.direct = None
        # Each would keep `conn` until the garbage collector scans everything: the parser is
        # suspended in a method of `conn`, and an error has that method in its traceback.
        self.conn.parser.close()
        self.conn.parser_exc = None

    def shutdown(self) -> None:
        super().shutdown()
        self._changed()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self._changed()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.behind = True
        self._changed()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.behind = False
        self._changed()

    def _changed(self) -> None:
        if self.direct is not None:
            self.direct.look()
        is_ending = self._close_sent or (self.transport is not None and self.transport.is_closing())
        if is_ending and self._abort is None and not self.disconnected:
            self._abort = self.loop.call_later(LINGER_SECONDS, self.transport.abort)

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
        return self.conn.state is OPEN and not self._close_sent and self.queue.empty()


def handshake(method: str, url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Request:
    """Return a request that the HTTP parser has read, as the parser of `websockets` would.

    Raises ValueError or InvalidHandshake for one that this parser may refuse: with a body, with a
    path that is not in ASCII, or with control characters.
    """
    found = Headers()
    for name, value in headers:
        if name in _FRAMING:
            raise ValueError("The handshake may have a body.")
        found[name.decode("ascii")] = value.strip(b" \t").decode("latin-1")
    return Request(url.decode("ascii"), found, method)


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

    __slots__ = ("_guard", "_protocol", "_step", "_take", "_taken", "step_end", "write_now")

    def __init__(self, protocol: DirectProtocol, step_end: StepEnd) -> None:
        self._protocol = protocol
        self._guard = SocketGuard.of(protocol.transport)
        self._guard.on_refusal = self.look
        self.step_end = step_end
        self._take: Callable[[str], bool] | None = None
        self._step = -1
        """The number of the step in which a message was taken last."""
        self._taken = 0
        """The further messages that were taken in this step. The gate hears of them at its end, and
        so passes on only a few messages in one step."""
        self.write_now: Callable[[bytes], object] | None = None
        protocol.direct = self
        self.look()

    def look(self) -> None:
        """Decide again whether frames may be written at once: something changed."""
        protocol = self._protocol
        at_once = protocol.is_open and not protocol.behind and not self._guard.gate.refused
        self.write_now = protocol.transport.write if at_once else None

    @staticmethod
    def encode(texts: Sequence[str]) -> bytes:
        if len(texts) == 1:
            return text_frame(texts[0].encode())
        return b"".join([text_frame(text.encode()) for text in texts])

    def write(self, data: bytes) -> bool:
        protocol = self._protocol
        if self._guard.gate.refused:
            return True  # nobody reads it
        if protocol.behind or protocol.conn.state is CONNECTING:
            return False
        if protocol.is_open:
            protocol.transport.write(data)
        return True

    def read(self, take: Callable[[str], bool] | None) -> None:
        self._take = take
        self._guard.gate.take_text = None if take is None else self._take_text

    def _take_text(self, payload: bytes) -> bool:
        if self._take is None or not self._protocol.reads_directly:
            return False
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            return False  # uvicorn answers with 1007
        if not self._take(text):
            return False
        if self._step != self.step_end.number:
            self._step = self.step_end.number
            self._guard.taken()
            return True
        if not self._taken:
            self.step_end.soon(self)
        self._taken += 1
        return True

    def at_step_end(self) -> None:
        """Tell the gate what else was taken."""
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
