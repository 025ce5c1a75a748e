"""The start of the instance: in the lifespan, and with the first request on a server without."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pytest_django import Settings

from chat.authentication.development import DevelopmentAuthenticator
from chat.limits.limited import SPENT
from chat.state import ApplicationState
from config import starting
from config.application import Application
from config.development.instances import instance as served
from config.development.instances import uvicorn_command
from config.development.ports import free_port
from config.starting import Starting
from messaging.runtime.instance import Instance
from tests.clients.rest import http_client
from tests.databases import migrate
from tests.instances import new_instance
from tests.servers.environment import isolated_environment

PATIENCE = 30
ORIGIN = "https://page.example"
WITHOUT_LIFESPAN = ("--lifespan", "off")


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


@pytest.fixture
def broken(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """An instance whose start fails."""

    def fail(**_: object) -> None:
        raise RuntimeError("no figures")

    monkeypatch.setattr(instance.figures, "start", fail)
    return instance


@pytest.fixture
def may_start(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """The start of the instance waits for this event."""
    event = asyncio.Event()
    start_presence = instance.presence.start

    async def slow() -> bool:
        await event.wait()
        return await start_presence()

    monkeypatch.setattr(instance.presence, "start", slow)
    return event


def runs(instance: Instance) -> bool:
    """mypy would take a property for what it was before the await."""
    return instance.started


def client_of(instance: Instance) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=Application(instance))
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def lifespan(
    instance: Instance, *events: str, state: ApplicationState | None = None
) -> list[MutableMapping[str, Any]]:
    """What the application answers to these events of a lifespan."""
    left = [{"type": f"lifespan.{event}"} for event in events]
    answers: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return left.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    await Application(instance, state=state)({"type": "lifespan"}, receive, send)
    return answers


async def test_a_lifespan(instance: Instance) -> None:
    answers = await lifespan(instance, "startup", "shutdown")

    assert [answer["type"] for answer in answers] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


class Closing(DevelopmentAuthenticator):
    closed = False

    def close(self) -> None:
        self.closed = True


async def test_the_end_of_a_lifespan_closes_the_connections_to_the_issuer_of_tokens(
    instance: Instance,
) -> None:
    authenticator = Closing()
    state = ApplicationState(instance, authenticator=authenticator)

    await lifespan(instance, "startup", "shutdown", state=state)

    assert authenticator.closed


async def test_so_does_a_failed_start(broken: Instance) -> None:
    authenticator = Closing()

    await lifespan(broken, "startup", state=ApplicationState(broken, authenticator=authenticator))

    assert authenticator.closed


async def test_a_failed_start_in_a_lifespan(broken: Instance) -> None:
    """The server is told, because it would serve after an exception."""
    (answer,) = await lifespan(broken, "startup")

    assert answer["type"] == "lifespan.startup.failed"
    assert "no figures" in answer["message"]


async def test_a_failed_stop_in_a_lifespan(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_epochs = instance.epochs.stop

    async def fail() -> None:
        await stop_epochs()
        raise RuntimeError("no end")

    monkeypatch.setattr(instance.epochs, "stop", fail)

    _, answer = await lifespan(instance, "startup", "shutdown")

    assert answer["type"] == "lifespan.shutdown.failed"
    assert "no end" in answer["message"]


async def test_a_request_after_a_failed_start(broken: Instance, settings: Settings) -> None:
    """A page of another origin can read why, and an operator can find the log line."""
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    async with client_of(broken) as client:
        for _ in range(2):  # the second one comes within the pause
            answer = await client.get(
                "/api/v1/me", headers={"Origin": ORIGIN, "X-Request-ID": "first"}
            )

            assert answer.status_code == 503
            assert answer.json()["code"] == "store_unavailable"
            assert answer.json()["request_id"] == answer.headers["X-Request-ID"] == "first"
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert answer.headers["Retry-After"] == "1"


async def test_the_next_request_after_a_slow_start(
    instance: Instance, may_start: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start takes no longer than a request may, and goes on without it."""
    monkeypatch.setattr(starting, "REQUEST_SECONDS", 0.05)
    async with client_of(instance) as client:
        assert (await client.get("/health/ready")).status_code == 503
        may_start.set()

        async with asyncio.timeout(PATIENCE):
            while (await client.get("/health/ready")).status_code != 200:
                await asyncio.sleep(0.05)


async def test_the_start_counts_into_the_deadline_of_the_request(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Mapping[str, Any]] = []
    waited: list[float] = []
    start_presence = instance.presence.start

    async def measured() -> bool:
        begun = time.monotonic()
        await asyncio.sleep(0.05)
        waited.append(time.monotonic() - begun)
        return await start_presence()

    monkeypatch.setattr(instance.presence, "start", measured)

    async def application(scope: Mapping[str, Any], *_: object) -> None:
        seen.append(scope)

    async def nothing(*_: object) -> MutableMapping[str, Any]:
        return {}

    async def send(_: MutableMapping[str, Any]) -> None: ...

    scope = {"type": "http", "method": "GET", "path": "/api/v1/me", "headers": []}
    await Starting(instance).serve(application, scope, nothing, send)

    assert seen[0][SPENT] > waited[0]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/health/live"), ("GET", "/static/chat/none.css"), ("OPTIONS", "/api/v1/me")],
)
async def test_what_needs_no_start(broken: Instance, method: str, path: str) -> None:
    """A balancer must not end a process whose store is away."""
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    async with client_of(broken) as client:
        answer = await client.request(method, path, headers=headers)

    assert answer.status_code == (404 if path.startswith("/static/") else 200)


async def test_a_probe_begins_the_start(instance: Instance, may_start: asyncio.Event) -> None:
    """It is answered while the start goes on."""
    async with client_of(instance) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert not runs(instance)
        may_start.set()

        async with asyncio.timeout(PATIENCE):
            while not runs(instance):
                await asyncio.sleep(0.01)


async def test_a_socket_after_a_failed_start(broken: Instance) -> None:
    """A browser can see the code: the socket is accepted first."""
    answers: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    scope = {
        "type": "websocket",
        "path": "/ws/v1",
        "headers": [],
        "subprotocols": ["chat.v1"],
        "client": ("127.0.0.1", 1),
    }
    await Application(broken)(scope, receive, send)

    accepted, closed = answers
    assert (accepted["type"], accepted["subprotocol"]) == ("websocket.accept", "chat.v1")
    assert (closed["type"], closed["code"]) == ("websocket.close", 1013)


@pytest.mark.parametrize(
    ("application", "options", "unbounded"),
    [
        ("config.asgi:application", WITHOUT_LIFESPAN, 1),
        ("tests.integration.config.wrapped_send_asgi:application", (), 0),
    ],
)
async def test_uvicorn_without_its_bounds_is_an_error(
    tmp_path: Path, application: str, options: tuple[str, ...], unbounded: int
) -> None:
    """Logged once. A middleware around the lifespan does not prevent the bounds."""
    environment = isolated_environment(tmp_path)
    migrate(environment)
    port = free_port()
    command = uvicorn_command(port, *options, application=application)
    with served(port, environment=environment, command=command) as process:
        async with http_client(f"http://127.0.0.1:{port}") as client:
            for _ in range(2):
                assert (await client.get("/health/ready")).status_code == 200

        assert process.output().count("server.unbounded") == unbounded
