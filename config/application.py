"""The product as an ASGI application of one instance."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import resolve

from chat import authentication
from chat.handler import Handler
from chat.instances import with_instance
from chat.limits.body_limit import bounded
from chat.limits.limited import limited
from chat.middleware import API_PATHS
from chat.socket.routing import websocket_urlpatterns
from config.servers import uvicorn
from config.servers.backpressure import flow_controlled
from config.servers.connection_bounds import MAX_BODY_BYTES
from config.servers.draining import drain_at_signals
from config.servers.forwarded import Hosts, with_client
from config.servers.garbage_collection import Collecting
from messaging.domain.limits import get_limits
from messaging.runtime.instance import Instance

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """Passes requests to Django and Channels, with the instance in the scope.

    The lifespan starts and stops the instance. daphne has no lifespan: there the first request
    starts it, and the signal that ends the server stops it.
    """

    def __init__(self, instance: Instance, *, collecting: Collecting | None = None) -> None:
        """Create the application. `collecting` is the tuner of the garbage collector, which counts
        sockets once it is started."""
        self._instance = instance
        self._collecting = collecting or Collecting()
        self._trusted_peers: Hosts = ()
        """The hosts that uvicorn trusts as proxies."""
        self._protocols = ProtocolTypeRouter(
            {"http": limited(Handler()), "websocket": URLRouter(websocket_urlpatterns)}
        )
        # Do the slow work now, not on the event loop at the first request.
        authentication.prepare()
        resolve("/api/v1/me")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        drain_at_signals(self._instance.stop)  # a lifespan does the same
        if not self._instance.started:
            await self._instance.start()
        scope = with_instance(scope, self._instance)
        scope = with_client(scope, proxies=settings.TRUSTED_PROXIES, trusted=self._trusted_peers)
        if scope["type"] == "http":
            api = scope["path"].startswith(API_PATHS)
            receive = bounded(receive, get_limits().body_bytes if api else MAX_BODY_BYTES)
        elif scope["type"] == "websocket":
            receive, send = flow_controlled(receive, send)
        is_socket = scope["type"] == "websocket"
        with self._collecting.socket() if is_socket else nullcontext():
            await self._protocols(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                # uvicorn imports the application after it has chosen its protocols, and calls this
                # before it listens. Its `send` is a method of an object that has its configuration.
                server = getattr(getattr(send, "__self__", None), "config", None)
                if hasattr(server, "http_protocol_class"):
                    uvicorn.install(server)
                    self._trusted_peers = uvicorn.trusted_peers(server)
                await self._instance.start()
                drain_at_signals(self._instance.drain)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._instance.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return
