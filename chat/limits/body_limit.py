"""Request bodies: what is too large is not taken in at all, and what is slow is read ahead."""

from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


def bounded(receive: Receive, limit: int) -> Receive:
    """An ASGI `receive` that ends the body one byte above `limit`, and drops the rest.

    Django takes in the whole body before any view, in memory or by blocking writes to a file.
    The view finds it too large and refuses it.
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
    """A body that is read before anything is done for its request."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._messages: deque[Message] = deque()

    async def read(self, most: int) -> bool:
        """Read the body, or the first `most` bytes and a little more. Return whether there is more
        than that."""
        more, size = True, 0
        while more and size <= most:
            message = await self._receive()
            self._messages.append(message)
            more = message["type"] == "http.request" and message.get("more_body", False)
            size += len(message.get("body", b""))
        return size > most

    def content(self) -> bytes:
        """Return what was read."""
        return b"".join(message.get("body", b"") for message in self._messages)

    def forget(self) -> None:
        """Drop what was read. The application must not ask for it any more."""
        self._messages.clear()

    async def receive(self) -> Message:
        """The `receive` of the application."""
        return self._messages.popleft() if self._messages else await self._receive()
