"""The application in a middleware that wraps `send`, as tracing libraries do."""

from typing import Any

from config.asgi import application as _application


async def application(scope: Any, receive: Any, send: Any) -> None:
    async def wrapped(message: Any) -> None:
        await send(message)

    await _application(scope, receive, wrapped)
