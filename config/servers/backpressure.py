"""Flow control for sockets, which the servers lack.

A `FrameGate` in front of each server's parser passes on a few messages at a time, and closes
sockets that flood. On uvicorn it is a protocol between the transport and uvicorn's own
(`SocketGuard`); on daphne it is a subclass of daphne's (`config.servers.daphne`).

daphne puts outgoing and incoming messages into unbounded buffers. Twisted itself has flow control:
a transport tells its producer when more than 64 KiB wait to be written, and when they are written,
and it can pause reading. uvicorn has as much itself.

The kernel is told to buffer little, so that a client's data in advance stays with the client.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any, Protocol

from config.servers.frame_gate import FrameGate, Refusal
from messaging.instruments.metrics import SOCKETS_REFUSED

_PORTION = 16 * 1024
"""The bytes that a client may be ahead of us in the kernel. Linux keeps about the same again for
itself; a frame may be larger."""

LINGER_SECONDS = 10.0
"""How long a connection lives after its close frame was passed to the server."""
REFUSED_SECONDS = 1.0
"""The same if nothing more is read from the client: its time to read the close frame."""

CLOSE_OF: dict[Refusal, tuple[int, str]] = {
    Refusal.TOO_MANY_FRAMES: (4505, "Too many pings, fragments or empty messages."),
    Refusal.TOO_LARGE: (1009, "A message has at most 128 KiB."),
}
"""Close code and reason (at most 123 bytes, RFC 6455 5.5)."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Guard(Protocol):
    """The part between a client and the server's parser."""

    gate: FrameGate

    def bind(self, send: Send) -> None:
        """Use `send`, the server's own, to close the socket when the gate refuses it."""

    def accepted(self) -> None:
        """The application has accepted the socket: the handshake is complete."""

    def taken(self) -> None:
        """Record that the application has taken one message."""

    def end_after(self, seconds: float) -> None:
        """Abort the connection after so many seconds, if it still exists."""


def flow_controlled(receive: Receive, send: Send) -> tuple[Receive, Send]:
    """Return both functions for the application, with the client guarded. `send` waits while the
    client is too far behind, and nothing is read between two calls of `receive`.

    If the server is neither uvicorn nor daphne, both are returned unchanged.
    """
    # The only way to a socket's transport: daphne binds its protocol to its `send`; with uvicorn
    # `send` is a method of it.
    protocol: Any = send.args[0] if isinstance(send, partial) and send.args else None
    if hasattr(protocol, "registerProducer"):
        _read_in_portions(protocol.transport.getHandle())
        flow = _TwistedFlow(protocol, receive, send)
        return flow.receive, flow.send
    transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
    if hasattr(transport, "get_extra_info"):  # asyncio's and uvloop's have no common class
        _read_in_portions(transport.get_extra_info("socket"))
        guarded = _Guarded(SocketGuard.of(transport), receive, send)
        return guarded.receive, guarded.send
    return receive, send


def _read_in_portions(connection: Any) -> None:
    """Read in portions, if it is a TCP socket. Behind a socket file, or if daphne itself does TLS,
    there is none."""
    if getattr(connection, "family", None) in {socket.AF_INET, socket.AF_INET6}:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PORTION)


class _Guarded:
    """The application's side of a guard."""

    def __init__(self, guard: Guard, receive: Receive, send: Send) -> None:
        self._guard = guard
        self._receive = receive
        self._send = send
        self._has_message = False
        """Whether the application has a message that it may not have queued yet."""
        guard.bind(send)

    async def receive(self) -> Message:
        if self._has_message:
            # Not earlier: the gate may pass on the next ones at once, past this method.
            self._has_message = False
            self._guard.taken()
        message = await self._receive()
        self._has_message = message["type"] == "websocket.receive"
        return message

    async def send(self, message: Message) -> None:
        gate = self._guard.gate
        if gate.refused:
            return  # nobody reads it
        kind = message["type"]
        if kind == "websocket.close":
            gate.closing()
            self._guard.end_after(LINGER_SECONDS)
        await self._send(message)
        if kind == "websocket.accept":
            self._guard.accepted()


class SocketGuard(asyncio.Protocol):
    """Sits between an asyncio transport and the protocol of the server."""

    __slots__ = (
        "_closing",
        "_end",
        "_paused",
        "_send",
        "_server",
        "_transport",
        "gate",
        "on_refusal",
    )

    def __init__(self, transport: asyncio.Transport, server: asyncio.Protocol) -> None:
        self._transport = transport
        self._server = server
        self._send: Send | None = None
        self._paused = False
        self._end: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self.gate = FrameGate(deliver=self._deliver, refuse=self._refuse)
        self.on_refusal: Callable[[], None] | None = None
        """Called when the gate refuses the client."""

    @classmethod
    def of(cls, transport: asyncio.Transport) -> "SocketGuard":
        """Return the guard of this transport, after installing it if needed."""
        present = transport.get_protocol()
        if isinstance(present, cls):
            return present
        assert isinstance(present, asyncio.Protocol)
        guard = cls(transport, present)
        transport.set_protocol(guard)
        return guard

    def bind(self, send: Send) -> None:
        self._send = send

    def accepted(self) -> None:
        if self._end is not None:
            self._end.cancel()  # that of the handshake
        self.gate.open()

    def taken(self) -> None:
        self.gate.taken()
        if self._paused and not self.gate.holds and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def end_after(self, seconds: float) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self.gate.feed(data)
        if (self.gate.refused or self.gate.holds) and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool | None:
        return self._server.eof_received()

    def pause_writing(self) -> None:
        self._server.pause_writing()

    def resume_writing(self) -> None:
        self._server.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        self._server.connection_lost(exc)
        self.on_refusal = None
        self.gate.end()

    def _deliver(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._server.data_received(data)

    def _refuse(self, refusal: Refusal) -> None:
        SOCKETS_REFUSED.labels(refusal.name.lower()).inc()
        if self.on_refusal is not None:
            self.on_refusal()
        self.end_after(REFUSED_SECONDS)
        if refusal in CLOSE_OF and self._send is not None:
            code, reason = CLOSE_OF[refusal]
            close = _close(self._send, code, reason)
            self._closing = asyncio.get_running_loop().create_task(close)


async def _close(send: Send, code: int, reason: str) -> None:
    with contextlib.suppress(Exception):  # of a socket that has ended meanwhile
        await send({"type": "websocket.close", "code": code, "reason": reason})


class _TwistedFlow(_Guarded):
    """A push producer, as `twisted.internet.interfaces.IPushProducer` describes it."""

    def __init__(self, protocol: Any, receive: Receive, send: Send) -> None:
        super().__init__(protocol, receive, send)
        self._transport = protocol.transport
        self._writable = asyncio.Event()
        self._writable.set()
        protocol.unregisterProducer()  # the producer of the HTTP request that this was before
        protocol.registerProducer(self, True)

    def pauseProducing(self) -> None:  # noqa: N802
        self._writable.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._writable.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._writable.set()  # daphne drops messages to a client that is gone

    async def send(self, message: Message) -> None:
        await self._writable.wait()
        await super().send(message)

    async def receive(self) -> Message:
        if not self._guard.gate.refused:
            self._transport.resumeProducing()
        message = await super().receive()
        self._transport.pauseProducing()
        return message
