"""Django's ASGI handler, with refusals in the same shape as all others."""

import asyncio
import codecs
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.signals import request_finished, request_started
from django.http import HttpResponseBase
from django.urls import set_script_prefix

from chat.cross_origin import cross_origin_headers
from chat.middleware import API_PATHS
from chat.pages.failures import unreadable
from chat.request_ids import request_id_of
from chat.rest import unauthenticated

_MAX_ACCEPT_CHARACTERS = 1_024
_MAX_PARAMETERS = 100
"""The most parameters of a page. With DEBUG, Django's report on more than 1,000 takes seconds: it
parses them again at every step."""
_MAX_MEDIA_TYPES = 50
"""Content negotiation compares each of them with each of our own. Browsers send eight."""


class Handler(ASGIHandler):
    """Refuses some requests before any middleware, in the shape of `chat.pages.failures`.

    Refused are requests that Django cannot parse, for example with a query string that is not
    UTF-8; forms in another encoding, because some encodings produce characters that no text has; on
    pages, null characters and too many parameters; and too many media types in `Accept`. API
    requests without a valid token do not reach Django at all (`chat.rest.unauthenticated`).
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not await unauthenticated.refuse(scope, send):
            await super().__call__(scope, receive, send)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request of the API on the event loop alone.

        Django's own method starts a thread for each request, because receivers of its signals may
        wait for a database. Requests of the API use none of Django's connections, so the receivers
        have nothing to do: they run here. The view is cancelled if its client disconnects.
        """
        if not scope["path"].startswith(API_PATHS):
            await super().handle(scope, receive, send)
            return
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        with body_file:
            set_script_prefix(get_script_prefix(scope))
            request_started.send(sender=self.__class__, scope=scope)
            request, response = self.create_request(scope, body_file)
            if request is None:
                assert response is not None
                await self.send_response(response, send)
            else:
                response = await self._respond(request, receive, send)
            if response is not None:
                response.close()  # sends `request_finished`

    async def _respond(
        self, request: ASGIRequest, receive: Any, send: Any
    ) -> HttpResponseBase | None:
        """Return the response, which was sent; None if the client has disconnected before."""
        serving = asyncio.current_task()
        assert serving is not None
        gone = False

        async def cancel_when_gone() -> None:
            nonlocal gone
            while (await receive())["type"] != "http.disconnect":
                pass
            gone = True
            serving.cancel()

        listening = asyncio.create_task(cancel_when_gone())
        try:
            response = await self.run_get_response(request)
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
            listening.cancel()
        return response

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
