"""Middleware: a logging context for every request, and Django's own middleware for pages only.

A middleware that is not natively async costs a thread hop per request. The API needs neither
sessions nor cookies, so such middleware skips it. `chat.handler` does not even load middleware
with `pages_only` for the API.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from asgiref.sync import markcoroutinefunction, sync_to_async
from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware import clickjacking, common, csrf, security
from django.urls import Resolver404, get_resolver, resolve
from django.utils.cache import patch_vary_headers
from servestatic.middleware import ServeStaticMiddleware
from servestatic.responders import MissingFileError

from chat.errors import problem_of, problem_response
from chat.request_ids import sound_request_id
from messaging.domain.cached_setting import cached_setting

API_PATHS = ("/api/", "/health/", "/metrics")
_DOCS_PATH = "/api/docs"
_CROSS_ORIGIN_PATHS = "/api/"
"""As in `CORS_URLS_REGEX`."""

_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_DOCS_POLICY = f"{_PAGE_POLICY}; style-src 'self' 'unsafe-inline'"
"""Swagger UI sets inline styles."""


class RequestContextMiddleware:
    """Gives each request an id and binds it to the logs. A well-formed `X-Request-ID` from a proxy
    is kept. The answer gets the id, and the security headers."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = sound_request_id(request.META.get("HTTP_X_REQUEST_ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = await self.get_response(request)
        response["X-Request-ID"] = request_id
        for name, value in security_headers(request.path, secure=request.is_secure()).items():
            response.setdefault(name, value)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer exceptions of API views, before Django turns them into a page or, with DEBUG, into
        a report.

        On a page, raises BadRequest for a value that the database cannot store: Django's own lists
        query for any number in the query string.
        """
        if not request.path.startswith(API_PATHS):
            if isinstance(error, DataError | OverflowError):
                raise BadRequest("The database cannot take a value of this request.") from error
            return None
        return problem_response(problem_of(error), request.request_id)  # type: ignore[attr-defined]


def security_headers(path: str, *, secure: bool) -> Mapping[str, str]:
    """Return the headers of every answer, unless it has its own: public answers (static files, the
    schema) set `Cache-Control`."""
    return _headers()[_policy(path), secure]


@cached_setting("SECURE_HSTS_SECONDS")
def _headers() -> Mapping[tuple[str, bool], Mapping[str, str]]:
    """Return the headers for each policy, without and with TLS."""
    # Django's middleware does this for pages, but skips the API.
    seconds = settings.SECURE_HSTS_SECONDS
    strict = {"Strict-Transport-Security": f"max-age={seconds}"} if seconds else {}
    return {
        (policy, secure): {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            **(strict if secure else {}),
        }
        for policy in (_DATA_POLICY, _PAGE_POLICY, _DOCS_POLICY)
        for secure in (False, True)
    }


def _policy(path: str) -> str:
    """Return the content security policy of a path. The demo page has its own."""
    if path == _DOCS_PATH:
        return _DOCS_POLICY
    return _DATA_POLICY if path.startswith(API_PATHS) else _PAGE_POLICY


class CrossOriginMiddleware(CorsMiddleware):
    """Adds the CORS headers. Most requests to the API are of clients that are no pages."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request without an origin without the settings: its answer only says that it
        depends on the origin."""
        if (
            "HTTP_ORIGIN" in request.META
            or request.method == "OPTIONS"
            or not request.path_info.startswith(_CROSS_ORIGIN_PATHS)
        ):
            return await super().__acall__(request)
        response: HttpResponseBase = await self.get_response(request)  # type: ignore[misc]
        if "Vary" in response:
            patch_vary_headers(response, ("origin",))
        else:
            response["Vary"] = "origin"
        return response


class StaticMiddleware(ServeStaticMiddleware):  # type: ignore[misc]
    """Serves static files. A missing file gets 404, with DEBUG too."""

    pages_only = True

    def add_files_from_finders(self) -> None:
        """Add the files of the apps. With autorefresh, each request searches the directories, and a
        list of their files would only slow down the start."""
        if not self.autorefresh:
            super().add_files_from_finders()
            return
        for finder in get_finders():
            for storage in finder.storages.values():  # type: ignore[attr-defined]
                self.insert_directory(storage.location, self.static_prefix)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase
        if request.path.startswith(API_PATHS):
            response = await self.get_response(request)
            return response
        try:
            response = await super().__call__(request)
        except MissingFileError:
            response = await self.get_response(request)
        return response


class _PagesOnly:
    """A base for Django's middleware that skips API requests, also where a handler passes them
    on."""

    pages_only = True
    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> Any:
        if request.path.startswith(API_PATHS):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class UnknownPathMiddleware:
    """Answers unknown paths before the middleware of the pages, each of which would cost a hop to a
    thread."""

    pages_only = True
    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(API_PATHS):  # the API answers unknown paths itself
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
        """Check the token in an async method. Otherwise Django would hop to a thread for every
        request, only to skip it."""
        if request.path.startswith(API_PATHS):
            return None
        return await sync_to_async(super().process_view)(request, *args)


class AuthenticationMiddleware(_PagesOnly, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(_PagesOnly, messages.MessageMiddleware):
    pass


class XFrameOptionsMiddleware(_PagesOnly, clickjacking.XFrameOptionsMiddleware):
    pass
