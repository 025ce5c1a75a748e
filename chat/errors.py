"""Maps exceptions to wire codes: one table, one function for HTTP, one for the socket.

Any other exception is a bug: it is logged, and the client gets only the request id, never the
cause.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

import structlog
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpResponse
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as drf

from chat.payloads.renderers import render_json
from messaging.domain.exceptions import (
    MAX_ERRORS,
    FieldError,
    InvalidRequest,
    MessagingError,
    RateLimited,
    Unavailable,
)
from messaging.instruments.metrics import REFUSALS

logger = structlog.get_logger(__name__)

STATUS: dict[str, tuple[int, str]] = {
    "invalid_request": (400, "Invalid request"),
    "invalid_json": (400, "Invalid JSON"),
    "not_authenticated": (401, "Not authenticated"),
    "token_expired": (401, "Token expired"),
    "token_revoked": (401, "Token revoked"),
    "not_a_participant": (403, "Not a participant"),
    "permission_denied": (403, "Permission denied"),
    "posting_restricted": (403, "Posting restricted"),
    "refused_by_moderation": (403, "Refused by moderation"),
    "scope_missing": (403, "Scope missing"),
    "banned": (403, "Banned"),
    "blocked": (403, "Blocked"),
    "conversation_not_found": (404, "Conversation not found"),
    "message_not_found": (404, "Message not found"),
    "not_found": (404, "Not found"),
    "method_not_allowed": (405, "Method not allowed"),
    "not_acceptable": (406, "Not acceptable"),
    "client_id_reused": (409, "client_id reused"),
    "not_uploaded": (409, "Not uploaded"),
    "being_erased": (409, "Being erased"),
    "payload_too_large": (413, "Payload too large"),
    "unsupported_media_type": (415, "Unsupported media type"),
    "rate_limited": (429, "Rate limited"),
    "internal_error": (500, "Internal error"),
    "store_unavailable": (503, "Store unavailable"),
    "overloaded": (503, "Overloaded"),
    "search_unavailable": (503, "Search unavailable"),
}
"""Every code, with its status and title."""

for _code in STATUS:
    for _door in ("rest", "socket"):
        REFUSALS.labels(_door, _code)
_MAX_FIELD_CHARACTERS = 200
_MAX_DETAIL_CHARACTERS = 500
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The description of an error for a client."""

    MEDIA_TYPE: ClassVar[str] = "application/problem+json"

    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    """Seconds."""

    @property
    def status(self) -> int:
        return STATUS[self.code][0]

    def as_document(self, request_id: str) -> dict[str, Any]:
        """Return the document of RFC 9457 (https://www.rfc-editor.org/rfc/rfc9457)."""
        status, title = STATUS[self.code]
        document: dict[str, Any] = {
            "type": f"urn:chat:problem:{self.code}",
            "title": title,
            "status": status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.errors:
            document["errors"] = _errors(self.errors)
        return document

    def as_headers(self) -> dict[str, str]:
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.status == 401:
            error = "" if self.code == "not_authenticated" else ', error="invalid_token"'
            headers["WWW-Authenticate"] = f'Bearer realm="chat"{error}'
        return headers

    def as_reply(self, command_id: int | str | None) -> dict[str, Any]:
        """Return the error frame that answers a command."""
        reply: dict[str, Any] = {
            "id": command_id,
            "type": "error",
            "code": self.code,
            "detail": self.detail,
            "status": self.status,
        }
        if self.retry_after is not None:
            reply["retry_after"] = self.retry_after
        if self.errors:
            reply["errors"] = _errors(self.errors)
        return reply


def problem_of(error: Exception) -> Problem:
    """Return the problem that a client gets for an exception; log the exception if it is a bug."""
    match error:
        case InvalidRequest():
            errors = _bounded(error.errors)
            return Problem(code=error.code, detail=_presentable(error.detail), errors=errors)
        case Unavailable() | RateLimited():
            return Problem(code=error.code, detail=error.detail, retry_after=error.retry_after)
        case MessagingError():
            return Problem(code=error.code, detail=error.detail)
        case TimeoutError():
            return Problem(
                code="store_unavailable",
                detail="The request timed out. It may have succeeded: retry with the same "
                "client_id.",
                retry_after=1,
            )
        case RequestDataTooBig():
            return Problem(code="payload_too_large", detail="The request is too large. Send less.")
        case SuspiciousOperation() | BadRequest() | MultiPartParserError():
            return Problem(
                code="invalid_request",
                detail="The request is malformed. Correct it before a retry.",
            )
        case PermissionDenied():
            return Problem(
                code="permission_denied", detail="You do not have permission to do this."
            )
        case Http404() | drf.NotFound():
            return Problem(code="not_found", detail="The resource does not exist.")
        case drf.APIException():
            return _problem_of_drf(error)
    logger.error("request.failed", exc_info=error)
    return Problem(
        code="internal_error",
        detail="An internal error occurred. Report it with the request id.",
    )


def _problem_of_drf(error: drf.APIException) -> Problem:
    match error:
        case drf.ValidationError():
            errors = _bounded(_flatten(error.get_full_details()))
            return Problem(code="invalid_request", detail=_detail_of(errors), errors=errors)
        case drf.ParseError():
            return Problem(code="invalid_json", detail=str(error.detail))
        case drf.MethodNotAllowed() | drf.NotAcceptable() | drf.UnsupportedMediaType():
            return Problem(code=_CODES[type(error)], detail=str(error.detail))
    return Problem(code="internal_error", detail="An internal error occurred.")


_CODES: dict[type[drf.APIException], str] = {
    drf.MethodNotAllowed: "method_not_allowed",
    drf.NotAcceptable: "not_acceptable",
    drf.UnsupportedMediaType: "unsupported_media_type",
}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Answer an exception from one of DRF's own views: the schema and its page."""
    return problem_response(problem_of(error), getattr(context["request"], "request_id", ""))


def problem_response(problem: Problem, request_id: str) -> HttpResponse:
    """Return the answer to a refused request, and count it."""
    REFUSALS.labels("rest", problem.code).inc()
    response = HttpResponse(
        render_json(problem.as_document(request_id)),
        status=problem.status,
        content_type=Problem.MEDIA_TYPE,
    )
    for name, value in problem.as_headers().items():
        response[name] = value
    return response


def _detail_of(errors: tuple[FieldError, ...]) -> str:
    """Return one sentence for people. DRF's own sentences do not name the field."""
    if len(errors) != 1:
        return "The request has invalid fields. See errors."
    error = errors[0]
    return _presentable(f"{error.field}: {error.detail}" if error.field else error.detail)


def _errors(errors: tuple[FieldError, ...]) -> list[dict[str, str]]:
    return [{"field": e.field, "code": e.code, "detail": e.detail} for e in errors]


def _bounded(errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """Return the first 20, each with a bounded size: clients choose the names of unknown fields."""
    return tuple(
        FieldError(
            field=_presentable(error.field, _MAX_FIELD_CHARACTERS),
            code=error.code,
            detail=_presentable(error.detail),
        )
        for error in islice(errors, MAX_ERRORS)
    )


def _presentable(text: str, most: int = _MAX_DETAIL_CHARACTERS) -> str:
    """Return the text without lone surrogates, cut to a maximum length."""
    return _SURROGATE.sub("\ufffd", text[:most])


def _flatten(details: Any, path: str = "") -> Iterator[FieldError]:
    """Flatten DRF's nested details into fields with dotted paths."""
    # A field may also be named `message` or `code`, but only a leaf has a string there.
    if isinstance(details, dict) and isinstance(details.get("message"), str):
        yield FieldError(path, str(details["code"]), str(details["message"]))
        return
    if isinstance(details, dict):
        nested = ((_join(path, name), value) for name, value in details.items())
    elif details and all(isinstance(d, dict) and "message" in d for d in details):
        nested = ((path, value) for value in details)
    else:
        nested = ((_join(path, index), value) for index, value in enumerate(details) if value)
    for name, value in nested:
        yield from _flatten(value, name)


def _join(path: str, name: object) -> str:
    if name == "non_field_errors":
        return path
    return f"{path}.{name}" if path else str(name)
