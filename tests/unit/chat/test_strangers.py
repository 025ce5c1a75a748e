"""Strangers: requests without a token are limited by address, and nobody else is."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import pytest

from chat.strangers import STRANGERS, address_of, limited, network_of

Message = MutableMapping[str, Any]


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> None:
    settings.CHAT_RATE_LIMITS = True


class Inner:
    """An application that answers 204 once it is let to; how many requests it has at most."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.inside = 0
        self.most_inside = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        await self.open.wait()
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.inside -= 1
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": body})


Application = Callable[[Any, Any, Any], Awaitable[None]]


async def ask(
    application: Application,
    address: str,
    path: str = "/metrics",
    *headers: tuple[bytes, bytes],
    bodies: tuple[bytes, ...] = (b"",),
    method: str = "GET",
) -> list[Message]:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "client": (address, 1),
        "headers": headers,
    }
    messages = [
        {"type": "http.request", "body": body, "more_body": number < len(bodies)}
        for number, body in enumerate(bodies, 1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await application(scope, receive, send)
    return sent


async def first_refusal(
    application: Application, address: str, *headers: tuple[bytes, bytes]
) -> list[Message]:
    for number in range(2 * STRANGERS.burst):
        answer = await ask(application, address, "/metrics", *headers)
        if answer[0]["status"] == 429:
            assert number >= STRANGERS.burst
            return answer
    raise AssertionError("It was never refused.")


async def test_two_requests_of_an_address_are_carried_out_at_once() -> None:
    inner = Inner()
    inner.open.clear()
    application = limited(inner)
    tasks = [asyncio.create_task(ask(application, "203.0.113.1")) for _ in range(6)]
    other = asyncio.create_task(ask(application, "203.0.113.2"))
    async with asyncio.timeout(5):
        while inner.inside < 3:
            await asyncio.sleep(0)

    inner.open.set()
    answers = await asyncio.gather(*tasks, other)

    assert inner.most_inside == 3
    assert [answer[0]["status"] for answer in answers] == [204] * 7


async def test_beyond_the_rate_an_address_is_refused_in_the_one_error_shape() -> None:
    application = limited(Inner())

    start, body = await first_refusal(application, "203.0.113.3")

    headers = dict(start["headers"])
    assert headers[b"retry-after"] == b"1"
    assert headers[b"connection"] == b"close"
    assert headers[b"content-type"] == b"application/problem+json"
    assert orjson.loads(body["body"])["code"] == "rate_limited"
    assert (await ask(application, "203.0.113.4"))[0]["status"] == 204


async def test_probes_and_requests_with_a_token_are_not_refused() -> None:
    """A token counts where the API looks at it alone."""
    application = limited(Inner())
    authorization = (b"authorization", b"Bearer x")
    for path in ("/health/ready", "/api/v1/me"):
        for _ in range(2 * STRANGERS.burst):
            answer = await ask(application, "203.0.113.5", path, authorization)
            assert answer[0]["status"] == 204

    await first_refusal(application, "203.0.113.5", authorization)


async def test_a_preflight_shows_no_token() -> None:
    """Whatever its headers say: it is answered before anybody looks at them."""
    application = limited(Inner())
    authorization = (b"authorization", b"Bearer x")

    async def preflight() -> int:
        answer = await ask(
            application, "203.0.113.8", "/api/v1/me", authorization, method="OPTIONS"
        )
        return int(answer[0]["status"])

    assert 429 in [await preflight() for _ in range(2 * STRANGERS.burst)]


@pytest.mark.parametrize("bodies", [(b"whole",), (b"in ", b"two"), (b"x" * 70_000, b"y", b"z")])
async def test_a_body_arrives_whole(bodies: tuple[bytes, ...]) -> None:
    answer = await ask(limited(Inner()), "203.0.113.6", "/admin/", bodies=bodies)

    assert answer[1]["body"] == b"".join(bodies)


async def test_a_slow_body_holds_no_place() -> None:
    application = limited(Inner())
    never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def receive() -> Message:
        return await never

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "path": "/", "client": ("203.0.113.7", 1), "headers": []}
    slow: list[asyncio.Future[None]] = [
        asyncio.ensure_future(application(scope, receive, send)) for _ in range(5)
    ]
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        assert (await ask(application, "203.0.113.7"))[0]["status"] == 204

    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        (("203.0.113.9", 1), "203.0.113.9"),
        (("2001:db8:1:2:3::4", 1), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("a:socket", 1), "a:socket"),
        (None, ""),
    ],
)
def test_an_address_is_that_of_one_customer(peer: Any, address: str) -> None:
    assert address_of({"client": peer}) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("of:no:kind", "of:no:kind"),
    ],
)
def test_an_address_stands_for_what_one_customer_has(address: str, network: str) -> None:
    """Whatever its form, one of IPv4 stands for itself."""
    assert network_of(address) == network
