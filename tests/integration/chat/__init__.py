"""The door from outside: what every test of it says and checks."""

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import httpx
import jsonschema_rs
import orjson

from chat.authentication import issue_development_token
from chat.rest.openapi.generator import Generator
from tests.json_schemas import closed, make_validator

Json = dict[str, Any]

_PREFIX = "/api/v1"


class Api:
    """The REST API as one person uses it. Paths are below `/api/v1`."""

    def __init__(self, client: httpx.AsyncClient, user_id: str) -> None:
        self.user_id = user_id
        self.client = client
        self.sign_in()

    def sign_in(self) -> None:
        """Get a token of this moment."""
        self._token = issue_development_token(self.user_id)

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.request("GET", path, params=query or None)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.request("POST", path, json=body)

    async def patch(self, path: str, **body: Any) -> httpx.Response:
        return await self.request("PATCH", path, json=body)

    async def put(self, path: str, **body: Any) -> httpx.Response:
        return await self.request("PUT", path, json=body or None)

    async def delete(self, path: str) -> httpx.Response:
        return await self.request("DELETE", path)

    async def direct(self, other: "Api") -> str:
        """The id of the direct conversation with somebody."""
        answer = await self.post("/conversations", kind="direct", participant_ids=[other.user_id])
        return conversation_id(answer)

    async def group(self, *others: "Api", title: str | None = "Tea") -> str:
        """The id of a new group that this person owns."""
        people = [other.user_id for other in others]
        answer = await self.post(
            "/conversations", kind="group", participant_ids=people, title=title
        )
        return conversation_id(answer)

    async def send(self, conversation: str, text: str = "hello", **fields: Any) -> Json:
        answer = await self.post(f"/conversations/{conversation}/messages", text=text, **fields)
        assert answer.status_code in {200, 201}, answer.text
        message: Json = answer.json()
        return message

    async def conversation(self, conversation: str) -> Json:
        return ok(await self.get(f"/conversations/{conversation}"))

    async def version(self, conversation: str) -> int:
        version: int = (await self.conversation(conversation))["version"]
        return version


def conversation_id(answer: httpx.Response) -> str:
    assert answer.status_code in {200, 201}, answer.text
    id_: str = answer.json()["id"]
    return id_


def ok(answer: httpx.Response) -> Json:
    """The document of an answer that succeeded."""
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


def created(answer: httpx.Response) -> Json:
    """The document of an answer that something was created."""
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


def problem(answer: httpx.Response) -> tuple[int, str]:
    """What went wrong: status and code."""
    return answer.status_code, answer.json()["code"]


def wrong_fields(answer: httpx.Response) -> Sequence[tuple[str, str]]:
    """The fields that a 400 names, each with its code."""
    assert problem(answer) == (400, "invalid_request")
    return [(error["field"], error["code"]) for error in answer.json().get("errors", [])]


async def check_answer(answer: httpx.Response) -> None:
    """Hold an answer against the OpenAPI schema, and a refusal against the one error shape."""
    await answer.aread()
    method, path = answer.request.method, answer.request.url.path
    if answer.status_code >= 400:
        _check_problem(answer)
    item = operations_at(path)
    if method == "OPTIONS":
        return
    if method.lower() not in item:
        if path.startswith(_PREFIX):
            assert answer.status_code in {405 if item else 404, 401, 429}
        return
    documented = item[method.lower()]["responses"]
    assert str(answer.status_code) in documented, f"{method} {path} {answer.status_code}"
    content = documented[str(answer.status_code)].get("content", {})
    if not content:
        assert not answer.content
        assert "Content-Type" not in answer.headers
        assert ("Content-Length" in answer.headers) is (answer.status_code != 204)
        return
    media_type = answer.headers["Content-Type"]
    assert media_type in content
    errors = validator(content[media_type]["schema"]).iter_errors(answer.json())
    error = next(iter(errors), None)
    assert error is None, f"{method} {path}: {error.message}"


def _check_problem(answer: httpx.Response) -> None:
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document.keys() - {"errors"} == {
        *("type", "title", "status", "code", "detail", "request_id")
    }
    assert document["status"] == answer.status_code
    assert document["request_id"] == answer.headers["X-Request-ID"]
    assert ("WWW-Authenticate" in answer.headers) is (answer.status_code == 401)
    assert ("Retry-After" in answer.headers) is (answer.status_code in {429, 503})
    assert ("Allow" in answer.headers) is (answer.status_code == 405)


@cache
def schema() -> Json:
    """The OpenAPI document."""
    document: Json = Generator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


def operations_at(path: str) -> Json:
    """The documented operations of a real path, by method."""
    return next((item for pattern, item in _paths() if pattern.fullmatch(path)), {})


@cache
def _paths() -> Sequence[tuple[re.Pattern[str], Json]]:
    return [
        (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template)), item)
        for template, item in schema()["paths"].items()
    ]


def validator(answer_schema: Json) -> jsonschema_rs.Draft202012Validator:
    """The validator of a part of the document, which refuses what is not in it."""
    return _validator(orjson.dumps(answer_schema))


@lru_cache(maxsize=1_024)
def _validator(answer_schema: bytes) -> jsonschema_rs.Draft202012Validator:
    return make_validator(orjson.loads(answer_schema), _components())


@cache
def _components() -> Json:
    components: Json = closed(schema()["components"])
    return components
