"""API requests without a valid token: refused in front of Django, with the answer of the view."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx
import orjson
import pytest
from pytest_django.fixtures import Settings

from chat.authentication import Identity, issue_development_token
from chat.authentication.development import DevelopmentAuthenticator
from chat.exceptions import NotAuthenticated, TokenExpired
from chat.handler import APIHandler, Handler
from chat.limits.limited import SHOWN
from messaging.domain.exceptions import StoreUnavailable
from tests.integration.chat import Api
from tests.metrics import sampled
from tests.unit.chat.limits.test_strangers import door_to

Message = MutableMapping[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]
FORGED = (b"authorization", b"Bearer WyJhbm4iLDE3OTU5MDU5NzcuMF0.forged")
ORIGIN = (b"origin", b"https://app.example.com")
ASKS = (b"access-control-request-method", b"GET")
REQUEST_ID = (b"x-request-id", b"abc-123")


class Reached(Exception):
    """Django has the request."""


class Closed(Handler):
    """The handler without Django behind it."""

    def __init__(self) -> None:
        super().__init__(api=reached, pages=reached)


async def reached(scope: Any, receive: Any, send: Any) -> None:
    raise Reached


def scope(path: str, *headers: tuple[bytes, bytes], method: str = "GET", **more: Any) -> Message:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "scheme": "http",
        "client": ("203.0.113.9", 1),
        "server": ("testserver", 80),
        "headers": [(b"host", b"testserver"), *headers],
        **more,
    }


async def ask(application: Application, of: Message) -> tuple[int, dict[bytes, bytes], Any]:
    bodies = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        if not bodies:  # the client stays connected
            await asyncio.Event().wait()
        return bodies.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    await application(of, receive, send)
    body = b"".join(message["body"] for message in sent[1:])
    headers = {name.lower(): value for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, orjson.loads(body)


@pytest.mark.parametrize("shown", [None, NotAuthenticated("The token is long."), TokenExpired()])
@pytest.mark.parametrize("origin", [False, True])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("method", ["GET", "DELETE", "BREW"])
async def test_the_answer_is_that_of_the_view(
    settings: Settings, method: str, scheme: str, origin: bool, shown: Exception | None
) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN[1].decode()]
    headers = [REQUEST_ID, *([ORIGIN] if origin else []), *([FORGED] if shown else [])]
    asked = scope("/api/v1/conversations", *headers, method=method, scheme=scheme)
    if shown is not None:
        asked[SHOWN] = shown
    here = await ask(Closed(), dict(asked))
    django = await ask(APIHandler(), dict(asked))

    here[1].pop(b"content-length")  # Django's answer is chunked
    assert (here[0], here[2]) == (django[0], django[2])
    assert here[1] == django[1]
    assert here[1][b"x-request-id"] == b"abc-123"


async def test_a_forged_token_reaches_no_thread_and_no_middleware() -> None:
    assert (await ask(door_to(Closed()), scope("/api/v1/me", FORGED)))[0] == 401


async def test_refusals_are_counted_by_route_and_by_code() -> None:
    route = {"method": "GET", "route": "api/v1/conversations/<str:conversation_id>"}
    requests = "chat_http_request_seconds_count"
    before = sampled(requests, **route, status="401")
    refusals = sampled("chat_refusals_total", door="rest", code="not_authenticated")

    await ask(Closed(), scope("/api/v1/conversations/anything"))

    assert sampled(requests, **route, status="401") == before + 1
    code = {"door": "rest", "code": "not_authenticated"}
    assert sampled("chat_refusals_total", **code) == refusals + 1


@pytest.mark.parametrize(
    "asked",
    [
        scope("/api/v1/dev/tokens", method="POST"),
        scope("/api/v1/nothing"),
        scope("/api/schema"),
        scope("/api/asyncapi", FORGED),
        scope("/admin/login/"),
        scope("/api/v1/me", ASKS, method="OPTIONS"),
        scope("/api/v1/me", query_string=b"q=\xff"),
        scope("/chat/api/v1/me", root_path="/chat"),
        {**scope("/api/v1/me", FORGED), SHOWN: StoreUnavailable()},
    ],
)
async def test_django_answers_everything_else(asked: Message) -> None:
    with pytest.raises(Reached):
        await ask(Closed(), asked)


async def test_a_valid_token_reaches_django() -> None:
    token = issue_development_token("ann")
    identity: Identity = await DevelopmentAuthenticator().authenticate(token)
    valid = (b"authorization", f"Bearer {token}".encode())

    with pytest.raises(Reached):
        await ask(Closed(), {**scope("/api/v1/me", valid), SHOWN: identity})


async def test_the_body_of_a_stranger_is_not_read(ann: Api) -> None:
    answer: httpx.Response = await ann.client.post("/conversations", content=b"x" * 60_000)

    assert answer.status_code == 401
