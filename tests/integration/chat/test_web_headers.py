"""What answers tell browsers and caches, and answers that anybody may ask for."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import prometheus_client
import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, Client
from pytest_django.fixtures import Settings

from chat.middleware import StaticMiddleware
from chat.pages.metrics import metrics

SCHEMAS = {"openapi": "/api/schema", "asyncapi": "/api/asyncapi"}


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/nothing", "/health/live", "/metrics"])
def test_private_answers_are_not_stored(client: Client, path: str) -> None:
    assert client.get(path)["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_pages_of_the_admin_are_not_stored(client: Client, admin_client: Client) -> None:
    assert "no-store" in client.get("/admin/login/")["Cache-Control"]
    assert "no-store" in admin_client.get("/admin/")["Cache-Control"]


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/schema", "/health/live"])
def test_answers_of_the_api_ask_for_tls(client: Client, settings: Settings, path: str) -> None:
    """Over TLS, where alone a browser believes it, and not in development."""
    settings.SECURE_HSTS_SECONDS = 31_536_000
    assert client.get(path, secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get(path)
    settings.SECURE_HSTS_SECONDS = 0
    assert "Strict-Transport-Security" not in client.get(path, secure=True)


@pytest.mark.parametrize("kind", ["openapi", "asyncapi"])
def test_a_schema_is_the_same_for_everybody(client: Client, kind: str) -> None:
    """It is rendered once; a browser that has it gets no second copy."""
    path = SCHEMAS[kind]
    first = client.get(path, headers={"accept": "application/json"})
    assert json.loads(first.content)[kind].startswith("3.")
    with ThreadPoolExecutor(4) as threads:
        many = list(threads.map(lambda _: Client().get(f"{path}?format=json"), range(8)))
    assert {answer["ETag"] for answer in many} == {first["ETag"]}

    again = client.get(f"{path}?format=json", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]

    yaml = client.get(path)
    assert yaml.content.startswith(f"{kind}: ".encode())
    assert yaml["ETag"] != first["ETag"]


@pytest.mark.parametrize("path", ["/api/schema", "/api/asyncapi"])
@pytest.mark.parametrize(
    ("method", "query", "accept", "status", "code"),
    [
        ("POST", "", "*/*", 405, "method_not_allowed"),
        ("GET", "", "text/plain", 406, "not_acceptable"),
        ("GET", "?format=xml", "*/*", 406, "not_acceptable"),
    ],
)
def test_refusals_of_the_schema(
    client: Client, path: str, method: str, query: str, accept: str, status: int, code: str
) -> None:
    answer = client.generic(method, f"{path}{query}", headers={"accept": accept})

    assert answer.status_code == status
    assert answer.json()["code"] == code


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "BREW"])
@pytest.mark.parametrize("path", ["/static/nothing.js", "/static/", "/static/a%00b"])
def test_static_files_that_are_missing(
    client: Client, settings: Settings, path: str, method: str, debug: bool
) -> None:
    """They are not found, by any method, in development too."""
    settings.DEBUG = debug

    assert client.generic(method, path).status_code == 404


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("path", ["chat/demo/icon.svg", "admin/css/base.css"])
def test_static_files_of_the_apps_are_served(
    client: Client, settings: Settings, path: str, listed: bool
) -> None:
    """Whether the start lists them or each request searches for them."""
    settings.SERVESTATIC_AUTOREFRESH = not listed

    assert client.get(f"/static/{path}").status_code == 200


def test_the_start_lists_no_static_files_that_each_request_searches_for() -> None:
    async def no_page(_: HttpRequest) -> HttpResponse:
        raise AssertionError

    assert StaticMiddleware(no_page).files == {}


def test_static_files_are_only_read(client: Client) -> None:
    path = "/static/chat/demo/icon.svg"

    assert b"".join(client.get(path)).startswith(b"<svg")
    assert client.post(path).status_code == 405


@pytest.mark.parametrize(("query", "kind"), [("", "text/html"), ("?script=", "javascript")])
def test_the_page_of_the_schema_is_rendered_once(
    client: Client, monkeypatch: pytest.MonkeyPatch, query: str, kind: str
) -> None:
    """Whatever else the query says; a browser gets it once more only after a release."""
    first = client.get(f"/api/docs{query}")
    monkeypatch.delattr("drf_spectacular.views.SpectacularSwaggerSplitView")  # it would fail
    second = client.get(f"/api/docs{query or '?'}&lang=xx&version=9")
    again = client.get(f"/api/docs{query}", headers={"if-none-match": first["ETag"]})

    assert (first.status_code, second.status_code, again.status_code) == (200, 200, 304)
    assert kind in first["Content-Type"]
    assert first.content == second.content
    assert b"lang=xx" not in second.content
    assert again.content == b""


async def test_many_who_ask_for_metrics_share_a_rendering(
    async_rf: AsyncRequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fresh for each of them, off the event loop, and of fifty that ask at once at most two."""
    renderings = 0
    render = prometheus_client.generate_latest

    def counted() -> bytes:
        nonlocal renderings
        renderings += 1
        return render()

    monkeypatch.setattr("messaging.instruments.metrics_page.generate_latest", counted)
    answers = await asyncio.gather(*(metrics(async_rf.get("/metrics")) for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert renderings <= 2
