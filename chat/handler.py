"""Django's ASGI handler, with refusals in the same shape as all others."""

import asyncio
import codecs
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.cache import close_caches
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import reset_urlconf
from django.core.handlers.exception import convert_exception_to_response
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries
from django.dispatch import Signal
from django.http import HttpResponseBase
from django.urls import get_resolver, set_script_prefix
from django.utils.module_loading import import_string

from chat.cross_origin import cross_origin_headers
from chat.middleware import API_PATHS
from chat.pages.failures import unreadable
from chat.request_ids import request_id_of
from chat.rest import unauthenticated
from chat.rest.routes import Routes

_MAX_ACCEPT_CHARACTERS = 1_024
_MAX_PARAMETERS = 100
"""The most parameters of a page. With DEBUG, Django's report on more than 1,000 takes seconds: it
parses them again at every step."""
_MAX_MEDIA_TYPES = 50
"""Content negotiation compares each of them with each of our own. Browsers send eight."""
_LISTEN_SECONDS = 0.1
"""The age at which a request of the API begins to notice that its client has disconnected."""


class Handler:
    """Passes requests to the API and to the pages, and refuses some before any middleware.

    API requests without a valid token do not reach Django at all (`chat.rest.unauthenticated`).
    """

    def __init__(self, *, api: Any = None, pages: Any = None) -> None:
        """Create the handler. `api` and `pages` replace the ASGI applications of Django."""
        self._api = api or APIHandler()
        self._pages = pages or PageHandler()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith(API_PATHS):
            if not await unauthenticated.refuse(scope, send):
                await self._api(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


class PageHandler(ASGIHandler):
    """Refuses some requests before any middleware, in the shape of `chat.pages.failures`.

    Refused are requests that Django cannot parse, for example with a query string that is not
    UTF-8; forms in another encoding, because some encodings produce characters that no text has; on
    pages, null characters and too many parameters; and too many media types in `Accept`.
    """

    def create_request(
        self, scope: Mapping[str, Any], body_file: Any
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        request, refusal = super().create_request(scope, body_file)
        if refusal is not None:
            return None, _refused(scope, refusal.status_code)
        assert request is not None
        accept = request.META.get("HTTP_ACCEPT", "")
        if len(accept) > _MAX_ACCEPT_CHARACTERS or accept.count(",") >= _MAX_MEDIA_TYPES:
            return None, _refused(scope, 400)
        is_page = not scope["path"].startswith(API_PATHS)
        if is_page and request.META["QUERY_STRING"].count("&") >= _MAX_PARAMETERS:
            return None, _refused(scope, 400, detail=_TOO_MANY_PARAMETERS)
        encoding = request.encoding and codecs.lookup(request.encoding).name
        if is_page and (encoding not in {None, "utf-8"} or _has_null(request)):
            return None, _refused(scope, 400)
        return request, None


class APIHandler(PageHandler):
    """Handles requests of the API on the event loop alone.

    Django's own methods start a thread for each request, because receivers of its signals may wait
    for a database, and pass it through all middleware. Requests of the API use none of Django's
    connections, and only the middleware without `pages_only` acts on them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._routes = Routes(get_resolver())
        self._may_be_atomic = any(one["ATOMIC_REQUESTS"] for one in connections.settings.values())
        for signal, receivers in _OF_CONNECTIONS.items():
            _keep_for_pages(signal, receivers)

    def load_middleware(self, is_async: bool = False) -> None:
        """Load the middleware that acts on requests of the API, in the order of the settings."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        chain: Any = convert_exception_to_response(self._get_response_async)  # type: ignore[attr-defined]
        for name in reversed(settings.MIDDLEWARE):
            middleware = import_string(name)
            if getattr(middleware, "pages_only", False):
                continue
            assert middleware.async_capable, f"{name} would take a thread for each request."
            layer = middleware(chain)
            if hasattr(layer, "process_exception"):
                method = self.adapt_method_mode(False, layer.process_exception)
                self._exception_middleware.append(method)
            chain = convert_exception_to_response(layer)
        self._middleware_chain = chain

    def resolve_request(self, request: Any) -> Any:
        match = self._routes.match(request.path_info)
        if match is None:
            return super().resolve_request(request)
        request.resolver_match = match
        return match.func, match.args, match.kwargs

    def make_view_atomic(self, view: Any) -> Any:
        return super().make_view_atomic(view) if self._may_be_atomic else view

    async def get_response_async(self, request: Any) -> HttpResponseBase:
        """Return the response. Django also hops to a thread for each refusal, to log it; the line
        of the request says it (`chat.rest.accounting`)."""
        chain: Any = self._middleware_chain
        response: HttpResponseBase = await chain(request)
        return response

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request. A view that takes long is cancelled if its client disconnects."""
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        with body_file:
            prefix = get_script_prefix(scope)
            if prefix:
                set_script_prefix(prefix)
            request_started.send(sender=self.__class__, scope=scope)
            request, response = self.create_request(scope, body_file)
            if request is None:
                assert response is not None
                await self.send_response(response, send)
            else:
                response = await self._respond(request, receive, send)
                request.close()
            if response is not None:
                response.close()  # sends `request_finished`

    async def read_body(self, receive: Any) -> io.BytesIO:
        """Read the body into memory: its size is bounded before. Raises RequestAborted."""
        body = io.BytesIO()  # a list would take many times as much for a body in small pieces
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            body.write(message.get("body", b""))
            if not message.get("more_body", False):
                body.seek(0)
                return body

    async def _respond(
        self, request: ASGIRequest, receive: Any, send: Any
    ) -> HttpResponseBase | None:
        """Return the response, which was sent; None if the client has disconnected before."""
        serving = asyncio.current_task()
        assert serving is not None
        gone = False
        listening: asyncio.Task[None] | None = None

        async def cancel_when_gone() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                pass
            gone = True
            serving.cancel()

        def listen() -> None:
            nonlocal listening
            listening = asyncio.create_task(cancel_when_gone())

        # Most requests end earlier, and need no task that listens.
        timer = asyncio.get_running_loop().call_later(_LISTEN_SECONDS, listen)
        try:
            response = await self.run_get_response(request)
            timer.cancel()
            if listening is not None:
                listening.cancel()  # an answer that was begun is finished
            if gone:
                serving.uncancel()
            else:
                await self.send_response(response, send)
        except asyncio.CancelledError:
            if not gone:
                raise
            serving.uncancel()
            request_finished.send(sender=self.__class__)
            return None
        finally:
            timer.cancel()
            if listening is not None:
                listening.cancel()
        return response

    async def send_response(self, response: Any, send: Any) -> None:
        """Send a short response at once; Django's method sends any other."""
        if response.streaming or response.cookies or len(response.content) > self.chunk_size:
            await super().send_response(response, send)
            return
        lines = [
            (name.encode("ascii"), value.encode("latin-1"))
            for name, value in response.headers._store.values()  # noqa: SLF001 - `items` takes long
        ]
        status = response.status_code
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": response.content})


_OF_CONNECTIONS = {
    request_started: (reset_queries, close_old_connections),
    request_finished: (close_old_connections, close_caches, reset_urlconf),
}
"""Django's own receivers: they look through its connections, its caches and its paths."""


def _keep_for_pages(signal: Signal, receivers: Sequence[Callable[..., Any]]) -> None:
    """Call these receivers of a signal for pages. The API gives them no work, and they would end
    the transactions of Django's test client. Idempotent, also if somebody connects one of them
    again, as this client does."""
    for receiver in receivers:
        signal.disconnect(receiver)

    def receive(sender: Any, **details: Any) -> None:
        is_page = isinstance(sender, type) and issubclass(sender, ASGIHandler)
        if is_page and not issubclass(sender, APIHandler):
            for receiver in receivers:
                receiver(sender=sender, **details)

    signal.connect(receive, weak=False, dispatch_uid=_keep_for_pages.__name__)


_MALFORMED = "The request is malformed. Correct it before a retry."
_TOO_MANY_PARAMETERS = f"A query string has at most {_MAX_PARAMETERS} parameters. Send fewer."


def _refused(
    scope: Mapping[str, Any], status: int, *, detail: str = _MALFORMED
) -> HttpResponseBase:
    response = unreadable(scope["path"], status, request_id_of(scope), detail=detail)
    for name, value in cross_origin_headers(scope["path"], scope["headers"]).items():
        response[name] = value
    return response


def _has_null(request: ASGIRequest) -> bool:
    """Return whether the query or a cookie has a null character. A page might pass it to the
    database, and PostgreSQL refuses it. Forms refuse it themselves."""
    if "%00" in request.META["QUERY_STRING"]:
        return True
    return any("\0" in value for value in request.COOKIES.values())
