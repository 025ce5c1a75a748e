"""Firebase's tokens at the two doors, REST and the socket: signed as Google signs them, by a key
of ours, whose certificate and what is known of users come from a server on the loopback."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pytest_django.fixtures import Settings

from chat import authentication
from chat.rest.views.base import APIView
from chat.state import ApplicationState
from messaging.redis.rate_limits import Rate
from messaging.runtime.instance import Instance
from tests.integration.chat import Api, problem
from tests.integration.chat.signed_in import KEY, firebase
from tests.stalls import Stalls
from tests.unit.chat.firebase import (
    CERTIFICATES,
    PROJECT,
    Google,
    Key,
    unsigned,
)
from tests.unit.chat.wire import Wire

__all__ = ["firebase"]

BODIES: dict[str, Any] = {
    "POST": {"user_ids": ["eve"]},
    "PATCH": {"role": "admin"},
    "PUT": {"token": "t", "token_kind": "token", "platform": "web"},
}
LOOKUP = f"/v1/projects/{PROJECT}/accounts:lookup"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ask(api: Api, token: str, path: str = "/me", method: str = "GET") -> httpx.Response:
    return await api.request(method, path, headers=bearer(token), json=BODIES.get(method))


async def close_code(instance: Instance, token: str, state: ApplicationState | None = None) -> int:
    """That of a socket which comes with this token."""
    socket = Wire(instance, token=token, state=state)
    try:
        return await socket.close_code()
    finally:
        await socket.end()


def now(seconds: float = 0) -> int:
    return int(time.time() + seconds)


async def test_a_good_token(firebase: Google, ann: Api, instance: Instance) -> None:
    token = KEY.sign()

    answer = await ask(ann, token)
    socket = Wire(instance, token=token)
    hello = await socket.opened()
    await socket.end()

    assert answer.json()["user_id"] == hello["data"]["user_id"] == "ann"


@pytest.mark.parametrize("door", ["rest", "socket"])
async def test_a_token_brings_its_name(
    firebase: Google, ann: Api, instance: Instance, door: str
) -> None:
    """At either door; a claim that may not be shown keeps nobody out."""
    token = KEY.sign(name="Ann\nLee", picture="http://example.com/ann.jpg")
    if door == "rest":
        await ask(ann, token)
    else:
        socket = Wire(instance, token=token)
        await socket.opened()
        await socket.end()

    me = (await ask(ann, KEY.sign())).json()

    assert (me["name"], me["picture"]) == ("Ann Lee", None)


@pytest.mark.parametrize("ahead", [1, 9])
async def test_a_token_issued_seconds_ahead_of_the_clock_is_good(
    instance: Instance, firebase: Google, ann: Api, ahead: int
) -> None:
    """Up to ten seconds, at both doors."""
    token = KEY.sign(iat=now(ahead), auth_time=now(ahead))

    assert (await ask(ann, token)).status_code == 200
    socket = Wire(instance, token=token)
    await socket.opened()
    await socket.end()


BAD: dict[str, tuple[Callable[[], str], str, int]] = {
    "expired": (lambda: KEY.sign(iat=now(-7_200), exp=now(-1)), "token_expired", 4502),
    "wrong audience": (lambda: KEY.sign(aud="another"), "not_authenticated", 4501),
    "wrong issuer": (
        lambda: KEY.sign(iss="https://securetoken.google.com/another"),
        *("not_authenticated", 4501),
    ),
    "forged": (lambda: Key(KEY.kid).sign(), "not_authenticated", 4501),
    "unknown key": (lambda: Key("key-2").sign(), "not_authenticated", 4501),
    "alg none": (lambda: unsigned(kid=KEY.kid), "not_authenticated", 4501),
    "future": (lambda: KEY.sign(iat=now(600), exp=now(4_000)), "not_authenticated", 4501),
    "12 s ahead": (lambda: KEY.sign(iat=now(12)), "not_authenticated", 4501),
    "reserved": (lambda: KEY.sign(sub="service:bot"), "not_authenticated", 4501),
    "a development token": (
        lambda: authentication.issue_development_token("ann"),
        *("not_authenticated", 4501),
    ),
}
"""What is wrong: the token, the code of the 401, and that of the close frame."""


@pytest.mark.parametrize(("make", "code", "closed"), BAD.values(), ids=BAD.keys())
async def test_a_bad_token(
    instance: Instance, firebase: Google, ann: Api, make: Callable[[], str], code: str, closed: int
) -> None:
    token = make()

    answer = await ask(ann, token)

    assert problem(answer) == (401, code)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert await close_code(instance, token) == closed


async def test_certificates_that_cannot_be_had(
    instance: Instance, firebase: Google, ann: Api
) -> None:
    """Nobody is told that their token is bad: they are to come again."""
    firebase.status[CERTIFICATES] = 500

    answer = await ask(ann, KEY.sign())

    assert problem(answer) == (503, "store_unavailable")
    assert answer.headers["Retry-After"]
    assert await close_code(instance, KEY.sign()) == 1013
    ready = await ann.client.get("http://testserver/health/ready")
    assert (ready.status_code, ready.json()["checks"]["tokens"]) == (200, "degraded")


SENSITIVE = [
    ("POST", "/conversations"),
    ("POST", "/conversations/{group}/participants"),
    ("PATCH", "/conversations/{group}/participants/bob"),
    ("DELETE", "/conversations/{group}/participants/bob"),
    ("PUT", "/devices/phone"),
]
FIRST = [*SENSITIVE, ("connect", "")]


@pytest.mark.parametrize("first", FIRST, ids=" ".join)
@pytest.mark.parametrize("user", [{"disabled": True}, {"validSince": str(2**33)}, None])
async def test_a_token_that_holds_no_more(
    instance: Instance,
    firebase: Google,
    ann: Api,
    user: dict[str, str] | None,
    first: tuple[str, str],
) -> None:
    """Of a user who was disabled, whose tokens were revoked, or who is gone. Once a sensitive act
    or a connect was refused, so is everything else, without asking Firebase for it, and sockets
    that are open are closed. A newer sign-in holds."""
    token, older = KEY.sign(), KEY.sign(auth_time=now(-500))
    group = await make_group(ann, token)
    live = Wire(instance, token=older)
    await live.opened()
    firebase.users = {"bob": {}} if user is None else {"ann": user, "bob": {}}

    assert (await ask(ann, token)).status_code == 200
    method, path = first
    if method == "connect":
        assert await close_code(instance, token) == 4503
    else:
        answer = await ask(ann, token, path.format(group=group), method)
        assert problem(answer) == (401, "token_revoked")
    assert await live.close_code() == 4503
    await live.end()
    asked = firebase.asked.count(LOOKUP)
    for shown in (token, older):
        for method, path in [("GET", "/me"), ("GET", "/conversations"), *SENSITIVE]:
            answer = await ask(ann, shown, path.format(group=group), method)
            assert problem(answer) == (401, "token_revoked"), path
    assert await close_code(instance, older) == 4503
    assert firebase.asked.count(LOOKUP) == asked + 1

    firebase.users = {"ann": {}, "bob": {}}
    for fresh in (KEY.sign(iat=now(1), auth_time=now(1)), KEY.sign(sub="bob")):
        assert (await ask(ann, fresh)).status_code == 200
        assert (await ask(ann, fresh, "/devices/phone", "PUT")).status_code == 200


async def test_a_refresh_with_what_was_revoked(firebase: Google, instance: Instance) -> None:
    """Closes the sockets that rest on it, the one that asked among them; those of a newer sign-in
    stay."""
    token = KEY.sign(auth_time=now(-500))
    asking, beside = Wire(instance, token=token), Wire(instance, token=token)
    await asking.opened()
    await beside.opened()
    firebase.users = {"ann": {"validSince": str(now(-100))}}
    newer = Wire(instance, token=KEY.sign())
    await newer.opened()

    asking.command(id=1, type="auth.refresh", token=KEY.sign(auth_time=now(-400)))

    assert await asking.close_code() == await beside.close_code() == 4503
    assert (await newer.ask("ping"))["type"] == "reply"
    for socket in (asking, beside, newer):
        await socket.end()


async def test_logging_out_with_a_token_that_is_ahead(
    instance: Instance, firebase: Google, ann: Api
) -> None:
    """It ends too, though its sign-in is later than the log-out by this server's clock."""
    token = KEY.sign(iat=now(8), auth_time=now(8))

    assert (await ask(ann, token, "/me/sessions", "DELETE")).status_code == 204

    assert problem(await ask(ann, token)) == (401, "token_revoked")
    assert await close_code(instance, token) == 4503


@pytest.mark.parametrize("waits", [False, True], ids=["it refuses", "it hangs"])
async def test_what_firebase_does_not_answer(firebase: Google, ann: Api, waits: bool) -> None:
    """A sensitive act is not done, within five seconds; the others are."""
    token = KEY.sign()
    group = await make_group(ann, token)
    if waits:
        firebase.released.clear()
    else:
        firebase.status[LOOKUP] = 400

    stalls, begun = Stalls(), time.monotonic()
    answer = await ask(ann, token, f"/conversations/{group}/participants", "POST")

    assert problem(answer) == (503, "store_unavailable")
    assert time.monotonic() - begun - await stalls.seconds() < 5
    assert (await ask(ann, token)).status_code == 200


def test_these_are_all() -> None:
    assert sum(len(view.sensitive) for view in APIView.__subclasses__()) == len(SENSITIVE)


async def test_firebase_is_asked_of_nobody_beyond_their_rate(
    instance: Instance,
    firebase: Google,
    ann: Api,
    state: ApplicationState,
    settings: Settings,
) -> None:
    """Neither over REST nor by coming in: else a flood here were one there."""
    settings.CHAT_RATE_LIMITS = True
    none = Rate(name="none", per_second=0.001, burst=1)
    token = KEY.sign()
    group = await make_group(ann, token)
    state.person_rates = replace(state.person_rates, requests=none)
    path = f"/conversations/{group}/participants"
    assert (await ask(ann, token, path, "POST")).status_code == 200
    asked = firebase.asked.count(LOOKUP)
    assert asked == 2  # once for the group

    assert problem(await ask(ann, token, path, "POST")) == (429, "rate_limited")
    assert await close_code(instance, token, state) == 1013

    assert firebase.asked.count(LOOKUP) == asked


async def make_group(ann: Api, token: str) -> str:
    answer = await ann.request(
        "POST",
        "/conversations",
        headers=bearer(token),
        json={"kind": "group", "title": "Tea", "participant_ids": ["bob"]},
    )
    id_: str = answer.json()["id"]
    return id_
