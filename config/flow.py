"""Flow control for sockets on daphne, which has none: it takes what an application sends, and
hands over what a client sends, into buffers without a bound.

Twisted itself knows better. A transport tells its producer when more than 64 KiB wait to be
written, and when they are; and it can be told not to read for a while. uvicorn does as much by
itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def flow_controlled(receive: Receive, send: Send) -> tuple[Receive, Send]:
    """The same, but `send` returns only when the client is not too far behind, and nothing is
    read from the client between one `receive` and the next. Those of other servers as they are.
    """
    # The only way to a socket's transport: daphne binds its protocol to what it calls `send`.
    protocol = send.args[0] if isinstance(send, partial) and send.args else None
    if not hasattr(protocol, "registerProducer"):
        return receive, send
    flow = _Flow(protocol, receive, send)
    return flow.receive, flow.send


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
