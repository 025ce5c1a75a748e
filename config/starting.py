"""The start of the instance with the first request, on a server without a lifespan."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from chat.cross_origin import is_preflight
from chat.limits.limited import REQUEST_SECONDS, SPENT, answer
from chat.socket.close_codes import CloseCode, close_message
from chat.socket.consumers import SUBPROTOCOL
from config.servers.draining import drain_at_signals
from messaging.concurrency.tasks import TaskSet
from messaging.domain.exceptions import StoreUnavailable
from messaging.runtime.instance import Instance

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_PAUSE_SECONDS = 1.0
"""The time from a failed or slow start to the next attempt, however many requests arrive."""
_LIVE = "/health/live"


class Starting:
    """Starts an instance before it serves.

    The start counts into the deadline of the request. Without a started instance, requests get 503
    (`store_unavailable`), and sockets are closed with 1013. A request after a pause tries again.
    Liveness, static files and preflights begin a start too, and are answered without waiting.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._next_try = 0.0
        self._background: TaskSet[bool] = TaskSet()

    async def serve(self, application: Any, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or socket to the application once the instance is started."""
        if self._instance.started:
            await application(scope, receive, send)
            return
        # Without a lifespan, nothing else would stop the instance after its drain.
        drain_at_signals(self._instance.stop)
        if _needs_no_start(scope):
            if not self._background:
                self._background.start(self._start())
            await application(scope, receive, send)
            return
        begun = time.monotonic()
        if await self._start():
            await application({**scope, SPENT: time.monotonic() - begun}, receive, send)
        elif scope["type"] == "websocket":
            await _refuse_socket(scope, receive, send)
        else:
            await answer(scope, send, StoreUnavailable())

    async def _start(self) -> bool:
        """Return whether the instance is started now. It logs errors itself, and goes on with a
        slow start when the time is up."""
        if time.monotonic() < self._next_try:
            return False
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._instance.start()
        except Exception:  # noqa: BLE001 - a part may raise anything
            self._next_try = time.monotonic() + _PAUSE_SECONDS
        return self._instance.started


def _needs_no_start(scope: Scope) -> bool:
    if scope["type"] != "http":
        return False
    path = scope["path"]
    return (
        path == _LIVE
        or path.startswith(settings.STATIC_URL)
        or is_preflight(scope["method"], path, scope["headers"])
    )


async def _refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept, then close: a browser cannot see the reason of a refused handshake."""
    await receive()
    subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", []) else None
    await send({"type": "websocket.accept", "subprotocol": subprotocol})
    await send(close_message(CloseCode.TRY_AGAIN_LATER))
