"""Strangers: requests without a token are limited by address, and nobody else is."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import pytest

from chat.authentication import Authenticator, Identity, issue_development_token
from chat.authentication.development import DevelopmentAuthenticator
from chat.authentication.token_cache import VerifiedTokens
from chat.exceptions import NotAuthenticated
from chat.limits import probes
from chat.limits.limited import PAGE_BODY_BYTES, SHOWN, SPENT, Limited, seconds_left
from chat.limits.shown_tokens import ShownTokens
from chat.limits.sign_ins import SignIns
from chat.limits.strangers import Strangers, address_of, network_of
from messaging.redis.rate_limits import Rate, Rates
from tests.metrics import sample, sampled

Message = MutableMapping[str, Any]


FEW = Rate(name="few", per_second=1 / 3_600, burst=20)


@pytest.fixture(autouse=True)
def _limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of which refills during a test."""
    settings.CHAT_RATE_LIMITS = True
    monkeypatch.setattr(probes, "PROBES", FEW)


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


def door_to(
    application: Application,
    *,
    preflights: Rate = FEW,
    authenticator: Authenticator | None = None,
) -> Limited:
    """The application behind limits that no other test has used."""
    strangers = Strangers(rate=FEW, preflights=preflights)
    tokens = VerifiedTokens(authenticator or DevelopmentAuthenticator())
    return Limited(
        application,
        strangers=strangers,
        shown_tokens=ShownTokens(tokens, tokens, strangers),
        sign_ins=SignIns(Rates(None)),
    )


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
    for number in range(2 * FEW.burst):
        answer = await ask(application, address, "/metrics", *headers)
        if answer[0]["status"] == 429:
            assert number >= FEW.burst
            return answer
    raise AssertionError("It was never refused.")


async def test_two_requests_of_an_address_are_carried_out_at_once() -> None:
    inner = Inner()
    inner.open.clear()
    application = door_to(inner)
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
    application = door_to(Inner())
    counted = sampled("chat_refusals_total", door="rest", code="rate_limited")

    start, body = await first_refusal(application, "203.0.113.3")

    assert sample("chat_refusals_total", door="rest", code="rate_limited") == counted + 1
    headers = dict(start["headers"])
    assert int(headers[b"retry-after"]) > 3_500
    assert headers[b"connection"] == b"close"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"content-type"] == b"application/problem+json"
    assert orjson.loads(body["body"])["code"] == "rate_limited"
    assert (await ask(application, "203.0.113.4"))[0]["status"] == 204


async def test_probes_and_requests_with_a_valid_token_are_not_refused() -> None:
    """A token counts where the API looks at it alone."""
    application = door_to(Inner())
    authorization = (b"authorization", f"Bearer {issue_development_token('ann')}".encode())
    for path in ("/health/ready", "/api/v1/me"):
        for _ in range(2 * FEW.burst):
            answer = await ask(application, "203.0.113.5", path, authorization)
            assert answer[0]["status"] == 204

    await first_refusal(application, "203.0.113.5", authorization)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/me", "/api/nothing"])
async def test_a_valid_token_at_a_path_that_does_not_exist_is_no_stranger(path: str) -> None:
    """It is known before Django looks for the path."""
    application = door_to(Inner())
    authorization = (b"authorization", f"Bearer {issue_development_token('ann')}".encode())
    for _ in range(2 * FEW.burst):
        answer = await ask(application, "203.0.113.32", path, authorization)
        assert answer[0]["status"] == 204

    assert (await ask(application, "203.0.113.32"))[0]["status"] == 204


async def test_what_a_request_waits_at_the_door_is_no_longer_left_for_its_view() -> None:
    """For the verification of its token, and for a place of its address."""
    spent: list[float] = []

    class Slow(DevelopmentAuthenticator):
        async def authenticate(self, token: str) -> Identity:
            await asyncio.sleep(0.05)
            return await super().authenticate(token)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        spent.append(scope[SPENT])
        await asyncio.sleep(0.05)
        await Inner()(scope, receive, send)

    good = (b"authorization", f"Bearer {issue_development_token('ann')}".encode())
    await ask(door_to(application, authenticator=Slow()), "203.0.113.33", "/api/v1/me", good)
    door = door_to(application)
    await asyncio.gather(*(ask(door, "203.0.113.33") for _ in range(3)))

    assert spent[0] >= 0.05
    assert max(spent[1:]) >= 0.05
    assert seconds_left({SPENT: 1.8}) == 3.0
    assert seconds_left({SPENT: 60.0}) == 0.0
    assert seconds_left({}) == 4.8


async def test_two_probes_of_an_address_are_carried_out_at_once() -> None:
    inner = Inner()
    inner.open.clear()
    application = door_to(inner)
    address = "203.0.113.14"
    tasks = [asyncio.create_task(ask(application, address, "/health/ready")) for _ in range(6)]
    async with asyncio.timeout(5):
        while inner.inside < 2:
            await asyncio.sleep(0)

    inner.open.set()
    answers = await asyncio.gather(*tasks)

    assert inner.most_inside == 2
    assert [answer[0]["status"] for answer in answers] == [204] * 6


async def test_probes_beyond_their_rate_share_an_answer() -> None:
    """They are answered, without a request to the application for each, and without a place. What a
    stranger sends with one changes the answer of nobody else."""
    seen = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        status = 406 if scope["headers"] else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"ready"})

    probed = door_to(application)
    accept = (b"accept", b"text/plain")
    for _ in range(FEW.burst):
        await ask(probed, "203.0.113.12", "/health/ready", accept)
    answered = len(seen)

    answers = await asyncio.gather(
        *(ask(probed, "203.0.113.12", "/health/ready", accept) for _ in range(500))
    )
    assert [(start["status"], body["body"]) for start, body in answers] == [(200, b"ready")] * 500
    assert len(seen) - answered < 10
    other = await ask(probed, "203.0.113.13", "/health/ready")
    assert other[0]["status"] == 200


async def test_probes_are_answered_while_strangers_of_their_address_are_refused() -> None:
    inner = Inner()
    inner.open.clear()
    application = door_to(inner)
    crowd = [asyncio.create_task(ask(application, "203.0.113.14")) for _ in range(100)]
    async with asyncio.timeout(5):
        while inner.inside < 2:
            await asyncio.sleep(0)
        probe = asyncio.create_task(ask(application, "203.0.113.14", "/health/live"))
        while inner.inside < 3:
            await asyncio.sleep(0)

    inner.open.set()
    assert (await probe)[0]["status"] == 204
    answers = await asyncio.gather(*crowd)
    assert sorted({answer[0]["status"] for answer in answers}) == [204, 429]


@pytest.mark.parametrize(
    ("path", "method", "address"),
    [("/health/nothing", "GET", "203.0.113.19"), ("/health/ready", "POST", "203.0.113.20")],
)
async def test_what_is_no_probe_is_a_strangers_request(
    path: str, method: str, address: str
) -> None:
    application = door_to(Inner())
    statuses = [
        (await ask(application, address, path, method=method))[0]["status"]
        for _ in range(FEW.burst + 1)
    ]
    assert statuses == [204] * FEW.burst + [429]


async def test_a_forged_token_counts_as_none() -> None:
    """The application never sees more of them than of requests without one, and hears what is
    wrong with each: it does not verify them again."""
    seen = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope[SHOWN])
        await Inner()(scope, receive, send)

    door = door_to(application)
    for number in range(2 * FEW.burst):
        forged = (b"authorization", b"Bearer forged.%d" % number)
        start, *_ = await ask(door, "203.0.113.16", "/api/v1/me", forged)
        if start["status"] == 429:
            break
    assert start["status"] == 429
    assert len(seen) >= FEW.burst
    assert {type(error) for error in seen} == {NotAuthenticated}

    good = (b"authorization", f"Bearer {issue_development_token('new-here')}".encode())
    start, *_ = await ask(door, "203.0.113.16", "/api/v1/me", good)
    assert start["status"] == 204
    assert seen[-1].user_id == "new-here"


async def test_beyond_its_rate_few_tokens_of_an_address_are_verified_at_once() -> None:
    """The room comes before the signature, and other addresses do not wait for it."""
    address = "203.0.113.17"
    verifying = 0
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    class Slow(DevelopmentAuthenticator):
        async def authenticate(self, token: str) -> Identity:
            nonlocal verifying
            verifying += 1
            await never
            return await super().authenticate(token)

    strangers = Strangers(rate=FEW)
    async with asyncio.timeout(5):
        while not strangers.is_beyond_its_rate(address):
            await strangers.require_room(address)
    tokens = VerifiedTokens(Slow())
    identify = ShownTokens(tokens, tokens, strangers).identify
    waiting = [asyncio.create_task(identify(f"forged-{n}", address)) for n in range(50)]
    elsewhere = asyncio.create_task(identify("forged", "203.0.113.18"))
    async with asyncio.timeout(5):
        while verifying < 9:
            await asyncio.sleep(0.001)
    for task in (*waiting, elsewhere):
        task.cancel()
    await asyncio.gather(*waiting, elsewhere, return_exceptions=True)
    assert verifying == 9


async def test_an_office_gets_its_preflights_answered() -> None:
    """Beyond what its strangers may ask, and without a place: they come before the requests of
    people with tokens as well. Beyond their own rate they count as strangers."""
    inner = Inner()
    application = door_to(inner, preflights=Rate(name="p", per_second=1 / 3_600, burst=50))
    asked = (
        (b"origin", b"https://a.example"),
        (b"access-control-request-method", b"GET"),
        (b"access-control-request-headers", b"authorization"),
    )

    async def preflight() -> Message:
        path = "/api/v1/me"
        return (await ask(application, "203.0.113.31", path, *asked, method="OPTIONS"))[0]

    answers = [await preflight() for _ in range(50)]
    beyond = [await preflight() for _ in range(FEW.burst + 1)]

    assert {answer["status"] for answer in answers} == {200}
    assert inner.most_inside == 1  # of those beyond
    assert 429 in {answer["status"] for answer in beyond}


async def test_options_show_no_token() -> None:
    """Whatever their headers say: they are answered before anybody looks at those."""
    application = door_to(Inner())
    authorization = (b"authorization", b"Bearer x")

    async def preflight() -> int:
        answer = await ask(
            application, "203.0.113.8", "/api/v1/me", authorization, method="OPTIONS"
        )
        return int(answer[0]["status"])

    assert 429 in [await preflight() for _ in range(FEW.burst + 1)]


@pytest.mark.parametrize("path", ["/admin/", "/api/v1/conversations"])
@pytest.mark.parametrize("bodies", [(b"whole",), (b"in ", b"two"), (b"x" * 65_535, b"y")])
async def test_a_body_arrives_whole(bodies: tuple[bytes, ...], path: str) -> None:
    answer = await ask(door_to(Inner()), "203.0.113.6", path, bodies=bodies)

    assert answer[1]["body"] == b"".join(bodies)


@pytest.mark.parametrize("address", ["203.0.113.10", ""])
@pytest.mark.parametrize("path", ["/admin/login/", "/", "/nothing", "/static/x", "/metrics"])
async def test_a_page_takes_no_large_body(path: str, address: str) -> None:
    """It would be waited for with a place of the address in hand. The API has a limit of its own,
    which depends on who asks."""
    inner = Inner()
    inner.open.clear()

    start, body = await ask(door_to(inner), address, path, bodies=(b"x" * PAGE_BODY_BYTES, b"y"))

    assert start["status"] == 413
    assert orjson.loads(body["body"])["code"] == "payload_too_large"
    assert inner.most_inside == 0


async def test_large_bodies_of_an_address_have_a_rate() -> None:
    application = door_to(Inner())
    bodies = (b"x" * PAGE_BODY_BYTES, b"y")

    statuses = [
        (await ask(application, "203.0.113.13", "/admin/login/", bodies=bodies))[0]["status"]
        for _ in range(FEW.burst + 1)
    ]

    assert statuses == [413] * FEW.burst + [429]


async def test_a_browser_may_read_why_it_was_refused(settings: Any) -> None:
    """A page of an allowed origin, of the API; the answer is not made by Django."""
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    application = door_to(Inner())
    for origin, path, allowed in (
        ("https://app.example", "/api/v1/me", True),
        ("https://other.example", "/api/v1/me", False),
        ("https://app.example", "/metrics", False),
    ):
        header = (b"origin", origin.encode())
        answers = [
            await ask(application, "203.0.113.11", path, header) for _ in range(FEW.burst + 1)
        ]
        refused = next(answer for answer in answers if answer[0]["status"] == 429)
        headers = dict(refused[0]["headers"])

        assert (headers.get(b"access-control-allow-origin") == origin.encode()) is allowed
        assert (b"Retry-After" in headers.get(b"access-control-expose-headers", b"")) is allowed


async def test_a_slow_body_holds_no_place() -> None:
    application = door_to(Inner())
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
        (("", 1), "none"),
        (None, "none"),
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
