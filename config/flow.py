"""Flow control for sockets, where the servers have none.

daphne takes what an application sends, and hands over what a client sends, into buffers without a
bound. Twisted itself knows better. A transport tells its producer when more than 64 KiB wait to be
written, and when they are; and it can be told not to read for a while. uvicorn does as much by
itself.

Both take apart at once all that they read at once, which may be 256 KiB: of the smallest frames
thousands, and meanwhile the event loop stands still for everybody else. So the kernel is told to
keep less ready.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

_PORTION = 16 * 1024
"""Bytes that a client may be ahead of us in the kernel. Linux keeps about as many again for itself;
a frame may be larger."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def flow_controlled(receive: Receive, send: Send) -> tuple[Receive, Send]:
    """The same, but `send` returns only when the client is not too far behind, and nothing is
    read from the client between one `receive` and the next (uvicorn sees to both by itself). On
    either, what is read is read in small portions. Those of other servers as they are.
    """
    # The only way to a socket's transport: daphne binds its protocol to what it calls `send`,
    # with uvicorn that is a method of it.
    protocol: Any = send.args[0] if isinstance(send, partial) and send.args else None
    if hasattr(protocol, "registerProducer"):
        _read_in_portions(protocol.transport.getHandle())
        flow = _Flow(protocol, receive, send)
        return flow.receive, flow.send
    transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
    if hasattr(transport, "get_extra_info"):  # asyncio's and uvloop's have no common class
        _read_in_portions(transport.get_extra_info("socket"))
    return receive, send


def _read_in_portions(connection: Any) -> None:
    """Where it is a socket of TCP. Behind a socket file, or where daphne itself does TLS, there is
    none to be had."""
    if getattr(connection, "family", None) in {socket.AF_INET, socket.AF_INET6}:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PORTION)


class _Flow:
    """A push producer, as `twisted.internet.interfaces.IPushProducer` describes it."""

    def __init__(self, protocol: Any, receive: Receive, send: Send) -> None:
        self._transport = protocol.transport
        self._receive = receive
        self._send = send
        self._writable = asyncio.Event()
        self._writable.set()
        protocol.unregisterProducer()  # that of the HTTP request which this was
        protocol.registerProducer(self, True)

    def pauseProducing(self) -> None:  # noqa: N802
        self._writable.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._writable.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._writable.set()  # daphne drops what is sent to a client that is gone

    async def send(self, message: Message) -> None:
        await self._writable.wait()
        await self._send(message)

    async def receive(self) -> Message:
        self._transport.resumeProducing()
        message = await self._receive()
        self._transport.pauseProducing()
        return message
