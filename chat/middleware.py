"""Middleware: a context for the logs of every request, and Django's own for the pages alone.

A middleware that is not natively async costs a thread hop per request. The API needs neither
sessions nor cookies, so everything of that kind lets it pass.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from asgiref.sync import markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware import clickjacking, common, csrf, security
from django.urls import Resolver404, get_resolver, resolve
from servestatic.middleware import ServeStaticMiddleware
from servestatic.responders import MissingFileError

from chat.errors import problem_of, problem_response

API_PATHS = ("/api/", "/health/", "/metrics")
_DOCS_PATH = "/api/docs"

_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_DOCS_POLICY = f"{_PAGE_POLICY}; style-src 'self' 'unsafe-inline'"
"""Swagger UI styles its elements as it goes."""

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,64}")


def sound_request_id(given: str) -> str:
    """Return the id that a client or a proxy gave, or a new one in the place of none or of an odd
    one."""
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


class RequestContextMiddleware:
    """Gives each request an id, taken from `X-Request-ID` where a proxy has set a sound one, and
    binds it to the logs. The answer carries it, and what a browser may do with the answer."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = sound_request_id(request.headers.get("X-Request-ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = await self.get_response(request)
        response["X-Request-ID"] = request_id
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("Content-Security-Policy", _policy(request.path))
        # What is public (static files, the schema) says so by a header of its own.
        response.setdefault("Cache-Control", "no-store")
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            # Django's middleware does so for pages; the API passes it.
            hsts = f"max-age={settings.SECURE_HSTS_SECONDS}"
            response.setdefault("Strict-Transport-Security", hsts)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what a view of the API raises, before Django turns it into a page or, with
        DEBUG, into a report. On a page, raises BadRequest for a value that the database cannot
        take: Django's own lists look for whatever number stands in their query."""
        if not request.path.startswith(API_PATHS):
            if isinstance(error, DataError | OverflowError):
                raise BadRequest("The database cannot take a value of this request.") from error
            return None
        return problem_response(problem_of(error), request.request_id)  # type: ignore[attr-defined]


def _policy(path: str) -> str:
    """What a browser may load and do with this answer. The demo page has a policy of its own."""
    if path == _DOCS_PATH:
        return _DOCS_POLICY
    return _DATA_POLICY if path.startswith(API_PATHS) else _PAGE_POLICY


class StaticMiddleware(ServeStaticMiddleware):  # type: ignore[misc]
    """Serves static files. With DEBUG too, one that is missing is an address that is not found."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response: HttpResponseBase = await super().__call__(request)
        except MissingFileError:
            response = await self.get_response(request)
        return response


class _PagesOnly:
    """Before a middleware of Django's: lets requests to the API pass it untouched."""

    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith(API_PATHS):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class UnknownPathMiddleware:
    """Answers paths that do not exist before the middleware of the pages, each of which would cost
    a hop to a thread."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(API_PATHS):  # which answer for themselves
            try:
                resolve(request.path_info)
            except Resolver404 as unknown:
                answer: Callable[..., HttpResponseBase] = get_resolver().resolve_error_handler(404)
                return answer(request, exception=unknown)
        return await self.get_response(request)


class SecurityMiddleware(_PagesOnly, security.SecurityMiddleware):
    pass


class SessionMiddleware(_PagesOnly, sessions.SessionMiddleware):
    pass


class CommonMiddleware(_PagesOnly, common.CommonMiddleware):
    pass


class CsrfViewMiddleware(_PagesOnly, csrf.CsrfViewMiddleware):
    async def process_view(self, request: HttpRequest, *args: Any) -> Any:  # type: ignore[override]
        """Async, or Django would hop to a thread for every request, only to let it pass."""
        if request.path.startswith(API_PATHS):
            return None
        return await sync_to_async(super().process_view)(request, *args)


class AuthenticationMiddleware(_PagesOnly, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(_PagesOnly, messages.MessageMiddleware):
    pass


class XFrameOptionsMiddleware(_PagesOnly, clickjacking.XFrameOptionsMiddleware):
    pass
