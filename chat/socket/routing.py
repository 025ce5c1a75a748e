"""The path of the socket."""

from collections.abc import Awaitable
from typing import Any

from chat.socket.consumers import ChatConsumer
from chat.socket.no_such_path import NoSuchPath

_PATH = "ws/v1"


def sockets(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
    """Serve a socket by its path. Channels' `URLRouter` would copy the scope, and keep the copy and
    two coroutines for as long as the socket is open."""
    root, path = scope.get("root_path", ""), scope["path"]
    exists = path.startswith(root) and path[len(root) :].lstrip("/") == _PATH
    consumer = ChatConsumer() if exists else NoSuchPath()
    serving: Awaitable[None] = consumer(scope, receive, send)
    return serving
