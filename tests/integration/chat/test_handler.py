"""How Django handles a request of the API: on the event loop alone, until its client leaves."""

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction
from django.core.handlers.asgi import ASGIRequest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import Client as DjangoClient

from chat.handler import APIHandler, PageHandler
from chat.rest.requests import APIRequest
from chat.rest.views.me import MeView
from chat.rest.views.messages import MessagesView
from tests.integration.chat import Api

PATIENCE = 5
SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/api/v1/nothing",
    "headers": [(b"host", b"testserver")],
    "query_string": b"",
}


class Client:
    """An ASGI server's side of one request, whose client may leave."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b""}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


class Waiting(APIHandler):
    """Its views wait until they are released."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.released = asyncio.Event(), asyncio.Event()
        self.cancelled = False

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        self.begun.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return HttpResponse(b"answer")


def started_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the threads that are started from now on; the list grows."""
    started: list[str] = []
    start = threading.Thread.start

    def noting(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noting)
    return started


async def test_a_request_of_the_api_starts_no_thread(
    api: Callable[[str], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it hop to one: each would be a thread of its own under ASGI."""
    ann, bob = api("ann"), api("bob")
    conversation = await ann.direct(bob)
    await ann.send(conversation)
    started = started_threads(monkeypatch)
    await ann.send(conversation)
    assert (await bob.get("/me")).status_code == 200

    assert not [name for name in started if not name.startswith(("sql-", "chat-"))]


async def test_the_signals_of_a_request_are_sent() -> None:
    seen: list[str] = []

    def began(**_: Any) -> None:
        seen.append("started")

    def ended(**_: Any) -> None:
        seen.append("finished")

    request_started.connect(began)
    request_finished.connect(ended)
    handler, client = Waiting(), Client()
    handler.released.set()
    try:
        await handler.handle(SCOPE, client.receive, client.send)
    finally:
        request_started.disconnect(began)
        request_finished.disconnect(ended)

    assert seen == ["started", "finished"]
    assert [message.get("body") for message in client.sent] == [None, b"answer"]


async def test_a_request_of_the_api_looks_through_no_connection_of_django(
    api: Callable[[str], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It uses none. Requests of pages do, and so does any other sender."""
    request_finished.connect(close_old_connections)  # as Django's test client does
    APIHandler()
    looked: list[str] = []
    monkeypatch.setattr(
        connections["default"], "close_if_unusable_or_obsolete", partial(looked.append, "looked")
    )
    ann = api("ann")
    assert (await ann.get("/me")).status_code == 200
    assert looked == []

    request_finished.send(sender=PageHandler)
    assert looked == ["looked"]


@pytest.mark.django_db
def test_a_page_ends_no_transaction_of_the_test_client(
    client: DjangoClient, admin_client: DjangoClient
) -> None:
    """The connection of the test is in a transaction, which the receivers would take for lost."""
    APIHandler()
    assert client.get("/admin/login/").status_code == 200
    assert admin_client.get("/admin/").status_code == 200


async def test_a_refused_request_starts_no_thread(
    api: Callable[[str], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = api("ann")
    await ann.get("/me")
    started = started_threads(monkeypatch)
    assert (await ann.post("/conversations", kind="nothing")).status_code == 400
    assert (await ann.get("/nothing")).status_code == 404

    assert not [name for name in started if not name.startswith(("sql-", "chat-"))]


class Noting:
    """A middleware that acts on every request."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self._get_response(request)
        response["Noted"] = response.get("X-Request-ID", "inside")
        return response


@pytest.mark.parametrize(("place", "noted"), [(0, "the-id"), (1, "inside")])
async def test_the_api_passes_middleware_in_the_order_of_the_settings(
    settings: Any, place: int, noted: str
) -> None:
    middleware = list(settings.MIDDLEWARE)
    middleware.insert(place, f"{__name__}.Noting")
    settings.MIDDLEWARE = middleware
    client = Client()

    headers = [*SCOPE["headers"], (b"x-request-id", b"the-id")]
    await APIHandler().handle({**SCOPE, "headers": headers}, client.receive, client.send)

    answered = dict(client.sent[0]["headers"])
    assert answered[b"Noted"] == noted.encode()
    assert answered[b"X-Request-ID"] == b"the-id"
    assert answered[b"Vary"] == b"origin"


async def test_a_client_that_leaves_ends_its_request() -> None:
    """And nothing else: the task of the server goes on."""
    handler, client = Waiting(), Client()

    async def serve() -> int:
        await handler.handle(SCOPE, client.receive, client.send)
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    async with asyncio.timeout(PATIENCE):
        serving = asyncio.create_task(serve())
        await handler.begun.wait()
        client.left.set()

        assert await serving == 0
    assert handler.cancelled
    assert client.sent == []


async def test_a_server_that_ends_cancels_its_requests() -> None:
    handler, client = Waiting(), Client()
    async with asyncio.timeout(PATIENCE):
        serving = asyncio.create_task(handler.handle(SCOPE, client.receive, client.send))
        await handler.begun.wait()
        serving.cancel()

        with pytest.raises(asyncio.CancelledError):
            await serving
    assert handler.cancelled


async def test_a_request_leaves_nothing_to_the_garbage_collector(
    api: Callable[[str], Api],
) -> None:
    """The collector stops the event loop. What a request refers to is freed at its end."""
    ann, bob = api("ann"), api("bob")
    conversation = await ann.direct(bob)
    await ann.send(conversation)
    await ann.get("/me")
    gc.collect()
    gc.disable()
    before = objects_of_requests()  # some belong to the schema that answers are held against
    try:
        for _ in range(3):
            await ann.send(conversation)
            await ann.get("/me")
        await asyncio.sleep(0)
        after = objects_of_requests()
    finally:
        gc.enable()

    assert after == before


def objects_of_requests() -> Counter[type]:
    return Counter(type(one) for one in gc.get_objects() if type(one) in _OF_A_REQUEST)


_OF_A_REQUEST = {ASGIRequest, APIRequest, MessagesView, MeView}
