"""Malformed requests and faults beside the API's own views: 4xx or 500, as a problem or a page."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings as current
from django.core.exceptions import PermissionDenied, SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import path
from django.views.generic import View
from pytest_django.fixtures import Settings

from chat.handler import Handler
from config import urls

_Communicator: Any = ApplicationCommunicator  # without types
HTML = "text/html; charset=utf-8"
PROBLEM = "application/problem+json"
COOKIE = {"Cookie": f"csrftoken={'x' * 32}"}
"""Without it a form is refused before anybody reads it."""
RAISED = {
    "suspicious": (SuspiciousFileOperation("secret"), 400),
    "multipart": (MultiPartParserError("secret"), 400),
    "missing": (Http404("secret"), 404),
    "denied": (PermissionDenied("secret"), 403),
    "broken": (RuntimeError("secret"), 500),
}


class Raising(View):
    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        raise RAISED[name][0]


async def raising(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name][0]


urlpatterns = [
    path("api/raising/<str:name>", raising),
    path("page/raising/<str:name>", Raising.as_view()),
    path("page/async/<str:name>", raising),
    *urls.urlpatterns,
]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
async def client(transactional_db: None, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    settings.ROOT_URLCONF = __name__
    application: Any = Handler()
    transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


def check(answer: httpx.Response, status: int, kind: str) -> None:
    """The status, in the shape that the path has, and nothing of what is inside."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    if kind == PROBLEM:
        assert answer.json()["status"] == status


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("name", RAISED)
async def test_what_a_view_of_the_api_raises(
    client: httpx.AsyncClient, settings: Settings, name: str, debug: bool
) -> None:
    """A problem, with DEBUG as well."""
    settings.DEBUG = debug

    check(await client.get(f"/api/raising/{name}"), RAISED[name][1], PROBLEM)


@pytest.mark.parametrize("place", ["page/raising", "page/async"])
@pytest.mark.parametrize("name", RAISED)
async def test_what_a_page_raises(client: httpx.AsyncClient, place: str, name: str) -> None:
    check(await client.get(f"/{place}/{name}"), RAISED[name][1], HTML)


@pytest.mark.parametrize("page", ["/admin/", "/admin/login/"])
async def test_a_host_that_is_not_ours(
    client: httpx.AsyncClient, settings: Settings, page: str
) -> None:
    settings.ALLOWED_HOSTS = ["chat.example"]

    check(await client.get(page, headers={"Host": "evil.example"}), 400, HTML)
    check(await client.get(page, headers={"Host": "a b/c"}), 400, HTML)


async def test_too_many_fields(client: httpx.AsyncClient) -> None:
    """In a query or a form."""
    many = {f"f{number}": "x" for number in range(1_001)}

    check(await client.get("/admin/login/", params=many), 400, HTML)
    check(await client.post("/admin/login/", data=many, headers=COOKIE), 400, HTML)
    check(await client.get("/api/schema", params=many), 400, PROBLEM)


async def test_a_query_of_a_page_is_bounded(client: httpx.AsyncClient, settings: Settings) -> None:
    """Before Django parses it: with DEBUG, its own report on too many takes seconds."""
    settings.DEBUG = True
    many = {f"f{number}": "x" for number in range(1_001)}
    some = dict(list(many.items())[:100])

    refused = await client.get("/admin/login/", params=many)
    check(refused, 400, HTML)
    assert "A query string has at most 100 parameters. Send fewer." in refused.text
    assert (await client.get("/admin/login/", params=some)).status_code == 200


async def test_a_form_that_is_too_large(client: httpx.AsyncClient) -> None:
    body = b"f=" + b"x" * (current.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    form = {"Content-Type": "application/x-www-form-urlencoded", **COOKIE}

    check(await client.post("/admin/login/", content=body, headers=form), 413, HTML)


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=ü", "text/plain; charset=x"],
)
async def test_a_form_that_is_none(client: httpx.AsyncClient, content_type: str) -> None:
    """A client's error, whatever it is."""
    headers = [(b"Content-Type", content_type.encode()), (b"Cookie", COOKIE["Cookie"].encode())]
    answer = await client.post("/admin/login/", content=b"--x", headers=headers)

    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    ("method", "accepted"),
    [
        ("POST", "application/json"),
        ("POST", "text/plain"),
        ("DELETE", "*/*"),
        ("GET", "text/plain"),
        ("GET", "image/png"),
    ],
)
@pytest.mark.parametrize("place", ["/api/schema", "/api/asyncapi", "/api/docs"])
async def test_the_schema_and_its_page(
    client: httpx.AsyncClient, place: str, method: str, accepted: str
) -> None:
    """Refusals are problems there too."""
    answer = await client.request(method, place, headers={"Accept": accepted})

    check(answer, answer.status_code, PROBLEM)
    assert answer.status_code == 406 or (method != "GET" and answer.status_code == 405)


@pytest.mark.parametrize(("where", "kind"), [("/api/v1/me", PROBLEM), ("/admin/login/", HTML)])
async def test_a_query_of_no_characters(where: str, kind: str) -> None:
    """Bytes that are not UTF-8, which no view ever sees, and no client of ours can send."""
    application: Any = Handler()
    communicator: Any = _Communicator(
        application,
        {
            "type": "http",
            "method": "GET",
            "path": where,
            "query_string": b"x=\xff",
            "headers": [],
        },
    )
    await communicator.send_input({"type": "http.request", "body": b"", "more_body": False})
    start, body = await communicator.receive_output(), await communicator.receive_output()

    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    check(httpx.Response(start["status"], headers=headers, content=body["body"]), 400, kind)
