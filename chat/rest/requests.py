"""DRF's request, made without what the API does not use, and without a reference cycle.

DRF's own request is in its parser context, which is in the request: only the garbage collector
could free each request with its headers and body, and the collector stops the event loop.
"""

from django.http import HttpRequest
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

from chat.payloads.parsers import StrictJSONParser
from messaging.domain.exceptions import InvalidRequest, PayloadTooLarge
from messaging.domain.limits import get_limits

_MAX_PARAMETERS = 50
_ACCEPTING_JSON = frozenset({"*/*", "application/json", "application/json, text/plain, */*"})
"""What most clients send as `Accept`."""
_PARSERS = (StrictJSONParser(),)
_NEGOTIATOR = DefaultContentNegotiation()


class APIRequest(Request):
    """A request whose body is JSON, and whose caller the view authenticates."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, parsers=_PARSERS, negotiator=_NEGOTIATOR)
        del self.parser_context["request"]


def accepts_json(request: HttpRequest) -> bool:
    """Return whether the answer need not be negotiated: the client takes JSON, and its query
    string, in which it could ask for another format, is empty."""
    meta = request.META
    return not meta["QUERY_STRING"] and meta.get("HTTP_ACCEPT", "*/*") in _ACCEPTING_JSON


def require_few_parameters(request: HttpRequest) -> None:
    """Bound the parameters before content negotiation reads them. Raises InvalidRequest."""
    if request.META.get("QUERY_STRING", "").count("&") >= _MAX_PARAMETERS:
        detail = f"A query string has at most {_MAX_PARAMETERS} parameters. Send fewer."
        raise InvalidRequest(detail=detail)


def give_length(request: HttpRequest) -> None:
    """Set the length of a chunked request: DRF drops a body without a length. Raises
    PayloadTooLarge."""
    length = len(request.body)
    if length > get_limits().body_bytes:
        raise PayloadTooLarge(
            f"A request body has at most {get_limits().body_bytes} bytes. Send less."
        )
    request.META["CONTENT_LENGTH"] = str(length)


def size_of(request: HttpRequest) -> int:
    """Return the bytes of the query string and of the body, which has a length once it is read."""
    length = str(request.META.get("CONTENT_LENGTH", ""))
    return len(request.META.get("QUERY_STRING", "")) + (int(length) if length.isdecimal() else 0)
