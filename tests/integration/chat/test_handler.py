"""How Django handles a request of the API: on the event loop alone, until its client leaves."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from chat.handler import Handler
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


class Waiting(Handler):
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


async def test_a_request_of_the_api_starts_no_thread(
    api: Callable[[str], Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it hop to one: each would be a thread of its own under ASGI."""
    ann, bob = api("ann"), api("bob")
    conversation = await ann.direct(bob)
    await ann.send(conversation)
    started: list[str] = []
    start = threading.Thread.start

    def noting(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noting)
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
