"""CORS headers for answers that are made outside Django's middleware.

Without them, a page of an allowed origin cannot read why its request was refused.
"""

from collections.abc import Iterable

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
    request = HttpRequest()
    request.method, request.path, request.path_info = method, path, path
    for name, value in headers:
        if name.lower() == b"origin":
            request.META["HTTP_ORIGIN"] = value.decode("latin-1")
    response = HttpResponse()
    del response["Content-Type"]
    _middleware.add_response_headers(request, response)
    return dict(response.items())
