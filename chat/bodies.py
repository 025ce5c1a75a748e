"""The bound on request bodies: what is too large is not taken in at all."""

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
