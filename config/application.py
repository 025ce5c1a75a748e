"""The product as an ASGI application of one instance."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from typing import Any

import structlog
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.urls import resolve

from chat.files.application import LocalFiles
from chat.handler import Handler
from chat.limits.body_limit import bounded
from chat.limits.limited import Limited
from chat.request_ids import with_request_id
from chat.socket.routing import sockets
from chat.state import ApplicationState, with_state
from config.servers import uvicorn
from config.servers.backpressure import flow_controlled
from config.servers.connection_bounds import MAX_BODY_BYTES
from config.servers.draining import closing, drain_at_signals
from config.servers.forwarded import Hosts, with_client
from config.servers.garbage_collection import Collecting
from config.servers.uvicorn_socket import StepEnd, add_direct_transport
from config.starting import Starting
from config.traced import traced
from messaging.runtime.instance import Instance

logger = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """Passes requests to Django and Channels, with its state in the scope.

    The lifespan starts and stops the instance. daphne has no lifespan: there the first request
    starts it (`config.starting`), and the signal that ends the server stops it.
    """

    def __init__(
        self,
        instance: Instance,
        *,
        state: ApplicationState | None = None,
        collecting: Collecting | None = None,
    ) -> None:
        """Create the application. Without a `state`, the settings decide. `collecting` is the tuner
        of the garbage collector, which counts sockets once it is started."""
        self.instance = instance
        self._state = state or ApplicationState(instance)
        self._collecting = collecting or Collecting()
        self._starting = Starting(instance)
        self._step_end = StepEnd()
        self._bounded = False
        """Whether the bounds on connections are installed, or their lack was logged."""
        self._trusted_peers: Hosts = ()
        """The hosts that uvicorn trusts as proxies."""
        http = Limited(
            Handler(),
            strangers=self._state.strangers,
            shown_tokens=self._state.shown_tokens,
            sign_ins=self._state.sign_ins,
        )
        self._files = LocalFiles(http, storage=instance.attachments.storage)
        self._protocols = ProtocolTypeRouter({"http": traced(self._files), "websocket": sockets})
        resolve("/api/v1/me")  # slow at first, so not on the event loop at the first request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        self._check_bounds(send)
        scope = with_state(scope, self._state)
        with_request_id(scope)
        scope = with_client(scope, proxies=settings.TRUSTED_PROXIES, trusted=self._trusted_peers)
        if scope["type"] == "http":
            receive = bounded(receive, self._files.body_limit(scope, MAX_BODY_BYTES))
            if self.instance.draining:
                send = closing(send)
        elif scope["type"] == "websocket":
            add_direct_transport(scope, send, self._step_end)
            receive, send = flow_controlled(receive, send)
        is_socket = scope["type"] == "websocket"
        with self._collecting.socket() if is_socket else nullcontext():
            await self._starting.serve(self._protocols, scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                failed = await _failure(self._start_up(send))
                await send(_lifespan_message("startup", failed))
                if failed is not None:
                    return
            elif message["type"] == "lifespan.shutdown":
                await send(_lifespan_message("shutdown", await _failure(self._shut_down())))
                return

    async def _shut_down(self) -> None:
        """Stop the instance, and close the state: the server has closed its connections."""
        try:
            await self.instance.stop()
        finally:
            self._state.close()

    async def _start_up(self, send: Send) -> None:
        """Install the bounds and start the instance. After an error the instance is closed."""
        try:
            # uvicorn imports the application after it has chosen its protocols, and calls this
            # before it listens.
            server = uvicorn.config_of(send)
            if server is not None:
                uvicorn.install(server)
                self._bounded = True
                self._trusted_peers = uvicorn.trusted_peers(server)
            await self.instance.start()
        except BaseException:
            await self.instance.close()
            self._state.close()
            raise
        # Only drain: the server stops the instance at the end of the lifespan, when it has closed
        # its connections.
        drain_at_signals(self.instance.drain)

    def _check_bounds(self, send: Send) -> None:
        """Log an error, once, if uvicorn serves without the bounds on its connections."""
        if self._bounded:
            return
        self._bounded = True
        if uvicorn.serves(send):
            logger.error("server.unbounded", hint="Start uvicorn with `--lifespan on`.")


async def _failure(step: Awaitable[None]) -> Exception | None:
    """Carry out a step of the lifespan, and return its error. uvicorn would take an exception for
    an application without a lifespan, and serve."""
    try:
        await step
    except Exception as error:
        logger.exception("application.lifespan_failed")
        return error
    return None


def _lifespan_message(step: str, failed: Exception | None) -> dict[str, Any]:
    if failed is None:
        return {"type": f"lifespan.{step}.complete"}
    reason = f"The {step} of the application failed: {failed!r}"
    return {"type": f"lifespan.{step}.failed", "message": reason}
