"""The OpenAPI document says what the API does, no less and no more."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import jsonschema_rs
import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver

from chat.errors import STATUS
from chat.rest.views.base import APIView
from tests.frames import DOCUMENT, document
from tests.integration.chat import Api, operations_at, schema, validator


def served_views() -> Iterator[tuple[str, type[APIView], str]]:
    """Path, view and method of everything under /api/v1, as Django routes it."""
    for path, pattern in walk("/", get_resolver().url_patterns):
        view = getattr(pattern.callback, "view_class", None)
        if path.startswith("/api/v1/") and view is not None:
            for method in ("get", "post", "put", "patch", "delete"):
                if hasattr(view, method):
                    yield re.sub(r"<str:(\w+)>", r"{\1}", path), view, method


def walk(
    prefix: str, patterns: Iterable[URLPattern | URLResolver]
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(path, pattern.url_patterns)
        else:
            yield path, pattern


def test_it_lists_exactly_what_is_served() -> None:
    """Every path and method that exists, and none that does not."""
    documented = {
        (path, method)
        for path, item in schema()["paths"].items()
        for method in item
        if method != "parameters"
    }

    assert documented == {(path, method) for path, _, method in served_views()}


def test_it_is_generated_without_a_warning(tmp_path: Path) -> None:
    """drf-spectacular guesses nothing."""
    call_command("spectacular", file=str(tmp_path / "schema"), validate=True, fail_on_warn=True)


def test_every_operation_needs_a_token() -> None:
    """But that which gives one out: a person's, or that of a service account."""
    for path, view, method in served_views():
        operation = schema()["paths"][path][method]
        people = not view.public and method.upper() not in view.service_only
        services = bool(view.scopes.get(method.upper()))
        assert operation.get("security", []) == [
            *([{"bearer": []}] if people else []),
            *([{"service": []}] if services else []),
        ]
        assert view.public is (path == "/api/v1/dev/tokens")
        assert "401" in operation["responses"]


def test_every_operation_has_a_line_of_its_own() -> None:
    """By which /api/docs lists them."""
    summaries = [
        operation["summary"] for item in schema()["paths"].values() for operation in item.values()
    ]

    assert all(re.fullmatch(r"[A-Z][^\n]{8,}", summary) for summary in summaries)
    assert len(set(summaries)) == len(summaries)


def test_a_refusal_is_described() -> None:
    """By the codes that there are, and by when to come back."""
    code = schema()["components"]["schemas"]["Problem"]["properties"]["code"]
    assert "enum" not in code  # a later version may have more: generated clients must take them
    assert all(f"`{known}`" in code["description"] for known in STATUS)
    for item in schema()["paths"].values():
        for operation in item.values():
            with_header = {
                status
                for status, answer in operation["responses"].items()
                if "Retry-After" in answer.get("headers", {})
            }
            assert with_header == {"429", "503"}


def test_how_long_a_thing_may_be() -> None:
    schemas = schema()["components"]["schemas"]
    sent, founded = schemas["SendMessageRequest"], schemas["CreateConversationRequest"]

    assert sent["properties"]["text"]["maxLength"] == 10_000
    assert sent["properties"]["client_id"]["maxLength"] == 128
    assert founded["properties"]["title"]["maxLength"] == 200


async def test_it_is_served_to_everybody(api: object, ann: Api) -> None:
    """Without a token, as YAML or JSON by what is asked for."""
    answer = await ann.client.get(
        "http://testserver/api/schema", headers={"Accept": "application/json"}
    )

    assert answer.status_code == 200
    assert json.loads(answer.content) == json.loads(json.dumps(schema()))


async def test_the_frames_are_described_to_everybody(api: object, ann: Api) -> None:
    """Without a token: the document that docs/ has, as YAML or JSON."""
    place = "http://testserver/api/asyncapi"
    as_yaml = await ann.client.get(place)
    as_json = await ann.client.get(place, headers={"Accept": "application/json"})

    assert as_yaml.headers["Content-Type"] == "application/vnd.aai.asyncapi+yaml"
    assert as_yaml.text == DOCUMENT
    assert json.loads(as_json.content) == document()


@pytest.mark.parametrize(
    "path", ["/api/schema", "/api/asyncapi", "/api/docs", "/api/v1/me", "/health/ready"]
)
async def test_more_media_types_than_anybody_needs_are_refused(ann: Api, path: str) -> None:
    """Each would be compared with each of ours."""
    for accept in ("a/b," * 50, "application/json;x=" + "x" * 16_000):
        answer = await ann.request("GET", f"http://testserver{path}", headers={"Accept": accept})

        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid_request"


async def test_the_page_shows_it(ann: Api) -> None:
    """/api/docs loads the schema from where it is."""
    answer = await ann.client.get("http://testserver/api/docs?script=")

    assert answer.status_code == 200
    assert "/api/schema" in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("seq", "1"), ("text", 7), ("created_at", "2026-01-01T00:00:00Z"), ("surprise", 1)],
)
def test_these_tests_notice_a_wrong_answer(field: str, value: object) -> None:
    """The check that all answers go through fails for a wrong type, form or name."""
    moment = "2026-01-01T00:00:00.000Z"
    message = {
        "id": "m",
        "conversation_id": "c",
        "seq": 1,
        "version": 1,
        "created_version": 1,
        "sender_id": "ann",
        "client_id": None,
        "text": "hi",
        "reply_to": None,
        "mentions": [],
        "mentions_all": False,
        "kind": "text",
        "metadata": None,
        "pinned_at": None,
        "attachments": [],
        "reactions": {},
        "my_reactions": [],
        "created_at": moment,
        "edited_at": None,
        "deleted_at": None,
    }
    operation = operations_at("/api/v1/conversations/c/messages/m")["get"]
    content = operation["responses"]["200"]["content"]["application/json"]["schema"]
    validator(content).validate(message)

    with pytest.raises(jsonschema_rs.ValidationError):
        validator(content).validate({**message, field: value})
