"""The ASGI application: `uvicorn config.asgi:application` or `daphne config.asgi:application`."""

import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup(set_prefix=False)

import structlog  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.checks import run_checks  # noqa: E402
from django.core.management.base import SystemCheckError  # noqa: E402
from django.urls import resolve  # noqa: E402

from chat import authentication, checks  # noqa: E402
from chat.handler import Handler  # noqa: E402
from chat.limits.body_limit import bounded  # noqa: E402
from chat.limits.limited import limited  # noqa: E402
from chat.middleware import API_PATHS  # noqa: E402
from chat.socket.routing import websocket_urlpatterns  # noqa: E402
from config.servers import uvicorn  # noqa: E402
from config.servers.backpressure import flow_controlled  # noqa: E402
from config.servers.connection_bounds import MAX_BODY_BYTES, raise_descriptor_limit  # noqa: E402
from config.servers.draining import drain_at_signals  # noqa: E402
from config.servers.forwarded import with_nearest_client  # noqa: E402
from config.servers.garbage_collection import Collecting  # noqa: E402
from messaging.domain.limits import get_limits  # noqa: E402
from messaging.runtime.app import get_instance  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

logger = structlog.get_logger(__name__)

found = run_checks(tags=[checks.TAG])
if wrong := [message for message in found if message.is_serious()]:
    raise SystemCheckError("\n".join(str(message) for message in wrong))
for message in found:
    logger.warning("settings.doubtful", check=message.id, detail=message.msg, hint=message.hint)

django_application = Handler()
_protocols = ProtocolTypeRouter(
    {"http": limited(django_application), "websocket": URLRouter(websocket_urlpatterns)}
)
# What takes long is done now, and not on the event loop at the first request.
get_instance()
authentication.prepare()
resolve("/api/v1/me")
collecting = Collecting()
collecting.start()
raise_descriptor_limit()
if "daphne.server" in sys.modules:  # it has imported this module
    from config.servers import daphne

    daphne.install()


_every_peer_is_trusted = False
"""By uvicorn, as a proxy."""


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Everything goes to Django and Channels; the lifespan starts and stops the instance."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    # daphne has no lifespan: there the instance starts by itself with the first request, and
    # its end is all in the hands of the signal.
    drain_at_signals(lambda: get_instance().stop())
    if _every_peer_is_trusted:
        scope = with_nearest_client(scope)
    if scope["type"] == "http":
        api = scope["path"].startswith(API_PATHS)
        receive = bounded(receive, get_limits().body_bytes if api else MAX_BODY_BYTES)
    elif scope["type"] == "websocket":
        receive, send = flow_controlled(receive, send)
    with collecting.socket() if scope["type"] == "websocket" else nullcontext():
        await _protocols(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    global _every_peer_is_trusted  # noqa: PLW0603 - the server is the process's, too
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            # uvicorn imports this module when it has chosen its protocols, and calls this before
            # it listens. What it calls `send` is a method of an object that has its configuration.
            server = getattr(getattr(send, "__self__", None), "config", None)
            if hasattr(server, "http_protocol_class"):
                uvicorn.install(server)
                _every_peer_is_trusted = uvicorn.trusts_every_peer(server)
            await get_instance().start()
            drain_at_signals(lambda: get_instance().drain())
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await get_instance().stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
