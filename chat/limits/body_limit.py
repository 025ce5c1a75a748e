"""Request bodies: a body that is too large is not stored, and a slow one is read ahead."""

from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


def bounded(receive: Receive, limit: int) -> Receive:
    """Return an ASGI `receive` that ends the body one byte above `limit`, and drops the rest.

    Django reads the whole body before any view, into memory or with blocking writes to a file. The
    view finds the body too large and refuses it.
    """
    room = limit + 1

    async def receive_bounded() -> Message:
        nonlocal room
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            if room == 0:
                continue
            body = message.get("body", b"")[:room]
            room -= len(body)
            return {
                **message,
                "body": body,
                "more_body": room > 0 and message.get("more_body", False),
            }

    return receive_bounded


class ReadAhead:
    """A body that is read before the request causes any work.

    It is one piece of memory: a client may send it in pieces of two bytes, and each object that
    holds one takes a hundred times as much.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._body = bytearray()
        self._messages: deque[Message] = deque()
        """What the application gets first, after `read`: the body, and the end of a connection."""

    async def read(self, most: int) -> bool:
        """Read the body, or its first `most` bytes and slightly more. Return whether it is
        larger."""
        more = True
        while more and len(self._body) <= most:
            message = await self._receive()
            if message["type"] != "http.request":
                self._messages.append(message)
                break
            self._body += message.get("body", b"")
            more = message.get("more_body", False)
        first = {"type": "http.request", "body": bytes(self._body), "more_body": more}
        self._messages.appendleft(first)
        is_larger = len(self._body) > most
        self._body.clear()
        return is_larger

    def content(self) -> bytes:
        """Return the bytes read."""
        return b"".join(message.get("body", b"") for message in self._messages)

    def forget(self) -> None:
        """Drop the bytes read. The application must not request them any more."""
        self._messages.clear()

    async def receive(self) -> Message:
        """Act as the `receive` of the application."""
        return self._messages.popleft() if self._messages else await self._receive()
