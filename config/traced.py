"""A span for each HTTP request, the first of its trace in this process.

`traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context/) names the parent.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from chat.request_ids import request_id_of
from config.servers.connection_bounds import PROBES
from messaging.instruments import tracing
from messaging.instruments.tracing import Kind, Tracer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_UNTRACED = (PROBES, "/metrics")


def traced(application: Any) -> Any:
    """Return the application with a span for each request; itself without tracing."""
    return application if tracing.tracer is None else _Traced(application, tracing.tracer)


class _Traced:
    def __init__(self, application: Any, tracer: Tracer) -> None:
        self._application = application
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith((*_UNTRACED, settings.STATIC_URL)):
            await self._application(scope, receive, send)
            return

        async def send_and_note(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self._tracer.annotate(http__response__status_code=message["status"])
            await send(message)

        # The method is any text of the client. The view knows the route, see `accounting`.
        with self._tracer.span("HTTP", parent=_parent(scope), kind=Kind.SERVER):
            self._tracer.annotate(chat__request_id=request_id_of(scope))
            await self._application(scope, receive, send_and_note)


def _parent(scope: Scope) -> str:
    """Return the parent that the client names; several are malformed."""
    given = [value for name, value in scope["headers"] if name == b"traceparent"]
    return given[0].decode("latin-1") if len(given) == 1 else ""
