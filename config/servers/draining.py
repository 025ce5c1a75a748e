"""The start of a shutdown: the instance drains before the server gets the signal.

uvicorn closes all sockets (1012) before it ends the lifespan. daphne cancels them silently and has
no lifespan. So both get the signal only after the drain.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import Context
from types import FrameType
from typing import Any

import structlog

from config.servers.last_connections import answer_the_last

logger = structlog.get_logger(__name__)

Message = MutableMapping[str, Any]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

_drains = False


def drain_at_signals(drain: Callable[[], Awaitable[None]]) -> None:
    """At SIGTERM or SIGINT, await `drain`, then let the server shut down. A second signal ends the
    process at once.

    Call this within the event loop of the server. It does nothing if no server has a handler for
    SIGTERM, as in tests, or if it was called before.
    """
    global _drains  # noqa: PLW0603 - signals are the process's, too
    if _drains or threading.current_thread() is not threading.main_thread():
        return
    end = _handler_of_server()
    if end is None:
        return
    _drains = True
    loop = asyncio.get_running_loop()
    tasks = []

    async def drain_and_end(number: int) -> None:
        logger.info("server.signal", signal=signal.Signals(number).name)
        try:
            await drain()
        except Exception:
            logger.exception("server.drain_failed")
        finally:
            await answer_the_last(getattr(end, "__self__", None))
            # uvicorn raises its signal again when it is done. The process would die of SIGTERM,
            # while SIGINT is an ordinary end with exit code 0.
            end(signal.SIGINT, None)

    def begin(number: int, frame: FrameType | None) -> None:
        for one in _SIGNALS:
            signal.signal(one, signal.SIG_DFL)
        # Not in the context of the interrupted request: its ids would appear in the log lines.
        loop.call_soon_threadsafe(
            lambda: tasks.append(loop.create_task(drain_and_end(number))), context=Context()
        )

    for one in _SIGNALS:
        signal.signal(one, begin)


def closing(send: Callable[[Message], Awaitable[None]]) -> Callable[[Message], Awaitable[None]]:
    """Return a `send` that asks the client for another connection for its next request. Otherwise
    a proxy could use this connection at the moment when the server closes it."""

    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"connection", b"close")]
            message = {**message, "headers": headers}
        await send(message)

    return send_and_close


def _handler_of_server() -> Callable[[int, FrameType | None], Any] | None:
    on_terminate, on_interrupt = map(signal.getsignal, _SIGNALS)
    if not callable(on_terminate):
        return None
    if callable(on_interrupt) and on_interrupt is not signal.default_int_handler:
        return on_interrupt
    return on_terminate
