"""CORS headers for answers that are made outside Django's middleware.

Without them, a page of an allowed origin cannot read why its request was refused.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase


def _nothing(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse()


_middleware = CorsMiddleware(_nothing)


_REQUESTED_METHOD = b"access-control-request-method"
_PREFLIGHTS_BELOW = "/api/"


def is_preflight(method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether the request is a CORS preflight."""
    asks = method == "OPTIONS" and path.startswith(_PREFLIGHTS_BELOW)
    return asks and any(name.lower() == _REQUESTED_METHOD for name, _ in headers)


def cross_origin_headers(
    path: str, headers: Iterable[tuple[bytes, bytes]], *, method: str = "GET"
) -> dict[str, str]:
    """Return the CORS headers that the middleware would add for this path and these headers."""
    origin = None
    for name, value in headers:
        if name.lower() == b"origin":
            origin = value.decode("latin-1")
    if origin is None:
        return dict(_without_origin(path.startswith(_PREFLIGHTS_BELOW), method))
    return _ask_middleware(path, method, origin)


@cache
def _without_origin(api: bool, method: str) -> Mapping[str, str]:
    """Return what the middleware adds for clients that are no pages. It is asked once: strangers
    are refused often."""
    return _ask_middleware(_PREFLIGHTS_BELOW if api else "/", method, None)


def _ask_middleware(path: str, method: str, origin: str | None) -> dict[str, str]:
    request = HttpRequest()
    request.method, request.path, request.path_info = method, path, path
    if origin is not None:
        request.META["HTTP_ORIGIN"] = origin
    response = HttpResponse()
    del response["Content-Type"]
    _middleware.add_response_headers(request, response)
    return dict(response.items())
