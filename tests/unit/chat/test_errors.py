"""From exception to wire code, as one table, over HTTP and over the socket."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core import exceptions as django
from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions as drf

from chat.errors import STATUS, Problem, problem_of, problem_response
from chat.exceptions import InvalidJSON, NotAuthenticated, ServiceTokenRevoked, TokenExpired
from chat.socket import frames
from messaging.domain import exceptions
from messaging.domain.exceptions import FieldError, MessagingError

CONTRACT = {
    400: {"invalid_request", "invalid_json"},
    401: {"not_authenticated", "token_expired", "token_revoked"},
    403: {
        "not_a_participant",
        "permission_denied",
        "posting_restricted",
        "refused_by_moderation",
        "scope_missing",
        "banned",
        "blocked",
    },
    404: {"conversation_not_found", "message_not_found", "not_found"},
    405: {"method_not_allowed"},
    406: {"not_acceptable"},
    409: {"client_id_reused", "not_uploaded", "being_erased"},
    413: {"payload_too_large"},
    415: {"unsupported_media_type"},
    429: {"rate_limited"},
    500: {"internal_error"},
    503: {"store_unavailable", "overloaded", "search_unavailable"},
}

LADDER: list[tuple[Exception, str]] = [
    (exceptions.InvalidRequest.of("text", "Wrong."), "invalid_request"),
    (exceptions.InvalidRequest(), "invalid_request"),
    (exceptions.PayloadTooLarge(), "payload_too_large"),
    (exceptions.NotAParticipant(), "not_a_participant"),
    (exceptions.PermissionDenied(), "permission_denied"),
    (exceptions.PostingRestricted(), "posting_restricted"),
    (exceptions.RefusedByModeration(), "refused_by_moderation"),
    (exceptions.ScopeMissing(), "scope_missing"),
    (exceptions.NotUploaded(), "not_uploaded"),
    (exceptions.BeingErased(), "being_erased"),
    (exceptions.Banned(), "banned"),
    (exceptions.Blocked(), "blocked"),
    (exceptions.TokenRevoked(), "token_revoked"),
    (exceptions.NotFound(), "not_found"),
    (exceptions.ConversationNotFound(), "conversation_not_found"),
    (exceptions.MessageNotFound(), "message_not_found"),
    (exceptions.ClientIdReused(), "client_id_reused"),
    (exceptions.StoreUnavailable(), "store_unavailable"),
    (exceptions.Overloaded(), "overloaded"),
    (exceptions.SearchUnavailable(), "search_unavailable"),
    (InvalidJSON(), "invalid_json"),
    (NotAuthenticated(), "not_authenticated"),
    (TokenExpired(), "token_expired"),
    (ServiceTokenRevoked(), "token_revoked"),
    (exceptions.RateLimited(0.5), "rate_limited"),
    (TimeoutError(), "store_unavailable"),
    (RequestDataTooBig(), "payload_too_large"),
    (django.SuspiciousOperation("secret"), "invalid_request"),
    (django.DisallowedHost("secret"), "invalid_request"),
    (django.TooManyFieldsSent("secret"), "invalid_request"),
    (django.TooManyFilesSent("secret"), "invalid_request"),
    (django.SuspiciousFileOperation("secret"), "invalid_request"),
    (django.BadRequest("secret"), "invalid_request"),
    (django.PermissionDenied("secret"), "permission_denied"),
    (MultiPartParserError("secret"), "invalid_request"),
    (Http404(), "not_found"),
    (drf.NotFound(), "not_found"),
    (drf.ValidationError({"text": ["Wrong."]}), "invalid_request"),
    (drf.ParseError(), "invalid_json"),
    (drf.MethodNotAllowed("PUT"), "method_not_allowed"),
    (drf.NotAcceptable(), "not_acceptable"),
    (drf.UnsupportedMediaType("text/plain"), "unsupported_media_type"),
    (drf.APIException("secret"), "internal_error"),
    (RuntimeError("secret"), "internal_error"),
    (KeyError("secret"), "internal_error"),
    (AssertionError("secret"), "internal_error"),
]


def subclasses(kind: type[Any]) -> set[type[Any]]:
    return {one for sub in kind.__subclasses__() for one in (sub, *subclasses(sub))}


def test_the_codes_are_those_of_the_contract() -> None:
    """Each with its status, none besides."""
    by_status: dict[int, set[str]] = {}
    for code, (status, _) in STATUS.items():
        by_status.setdefault(status, set()).add(code)

    assert by_status == CONTRACT


def test_the_ladder_has_every_refusal() -> None:
    """A new exception gets its place here, and a code that the table knows."""
    refusals = {kind for kind in subclasses(MessagingError) if "code" in vars(kind)}

    assert refusals == {type(error) for error, _ in LADDER if isinstance(error, MessagingError)}
    assert {kind.code for kind in refusals} <= STATUS.keys()


def test_the_tree_of_refusals_is_drawn_as_it_is() -> None:
    """At the top of `messaging/domain/exceptions.py`."""
    drawn = re.findall(r"─ (\w+)", (exceptions.__doc__ or "").partition("\n\n")[2])
    defined = [
        kind.__name__
        for kind in subclasses(MessagingError)
        if kind.__module__ == exceptions.__name__
    ]

    assert sorted(drawn) == sorted(defined)
    assert Path(exceptions.__file__).name == "exceptions.py"


@pytest.mark.parametrize(("error", "code"), LADDER, ids=lambda value: repr(value)[:40])
def test_over_http(error: Exception, code: str) -> None:
    """RFC 9457, with the headers that belong to the status."""
    response = problem_response(problem_of(error), "r-1")
    document = json.loads(response.content)

    assert response.status_code == document["status"] == STATUS[code][0]
    assert response["Content-Type"] == "application/problem+json"
    assert (document["code"], document["request_id"]) == (code, "r-1")
    assert document["title"] == STATUS[code][1]
    assert document["type"].endswith(code)
    assert "secret" not in document["detail"]
    assert ("WWW-Authenticate" in response) is (response.status_code == 401)
    assert ("Retry-After" in response) is (response.status_code in {429, 503})


@pytest.mark.parametrize(("error", "code"), LADDER, ids=lambda value: repr(value)[:40])
def test_over_the_socket(error: Exception, code: str) -> None:
    """The same code, status and detail, with `retry_after` where trying again makes sense."""
    problem = problem_of(error)
    frame = json.loads(frames.encode_error(7, problem))

    assert frame["id"] == 7
    assert frame["type"] == "error"
    assert (frame["code"], frame["status"]) == (code, STATUS[code][0])
    assert frame["detail"] == problem.as_document("")["detail"]
    assert ("retry_after" in frame) is (frame["status"] in {429, 503})


@pytest.mark.parametrize(
    ("details", "fields"),
    [
        ({"text": ["Wrong."]}, [("text", "invalid")]),
        ({"text": [drf.ErrorDetail("Wrong.", "blank")]}, [("text", "blank")]),
        ({"mentions": {3: ["Wrong."]}}, [("mentions.3", "invalid")]),
        ({"mentions": [{}, {"id": ["Wrong."]}]}, [("mentions.1.id", "invalid")]),
        (
            {"quiet": {"from": ["A."], "to": ["B."]}},
            [("quiet.from", "invalid"), ("quiet.to", "invalid")],
        ),
        ({"non_field_errors": ["Wrong."]}, [("", "invalid")]),
        ({"quiet": {"non_field_errors": ["Wrong."]}}, [("quiet", "invalid")]),
        (["Wrong."], [("", "invalid")]),
    ],
)
def test_fields_are_named_by_their_path(details: Any, fields: list[tuple[str, str]]) -> None:
    """Dotted, however deep."""
    problem = problem_of(drf.ValidationError(details))

    assert [(error.field, error.code) for error in problem.errors] == fields


def test_a_rate_limit_says_how_long_to_wait() -> None:
    """The body of an answer over REST has no `retry_after`."""
    assert (
        problem_of(exceptions.RateLimited(2.5)).detail
        == "You exceeded a rate limit. Retry after 3 s."
    )


def test_one_wrong_field_is_the_detail() -> None:
    """It names the field. Several have a list."""
    one = problem_of(exceptions.InvalidRequest.of("text", "Too long."))
    two = problem_of(
        exceptions.InvalidRequest(FieldError("a", "x", "A."), FieldError("b", "x", "B."))
    )

    assert one.detail == "Too long."
    assert problem_of(drf.ValidationError({"text": "Too long."})).detail == "text: Too long."
    assert two.as_document("")["errors"] == [
        {"field": "a", "code": "x", "detail": "A."},
        {"field": "b", "code": "x", "detail": "B."},
    ]
    assert "errors" not in Problem(code="not_found", detail="x").as_document("")
