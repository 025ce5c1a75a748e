"""Sockets that outlive what let them in: tokens end, people log out or are banned."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from pytest_django.fixtures import Settings

from chat import authentication
from chat.limits import throttling
from chat.socket import runner, syncing, token_expiry
from chat.socket.close_codes import CloseCode, close_message
from chat.state import ApplicationState
from messaging.domain.identifiers import random_id
from messaging.redis.rate_limits import Rate
from messaging.runtime.instance import Instance
from messaging.services import sessions
from messaging.services.operators import people
from tests.moments import lapse
from tests.unit.chat.firebase import PROJECT, Google, google, unsigned
from tests.unit.chat.wire import Wire

Open = Callable[..., Wire]


@pytest_asyncio.fixture
async def firebase(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Google]:
    """Tokens as Firebase's emulator issues them, for ann and bob."""
    with google() as fake:
        settings.GOOGLE_CLOUD_PROJECT = PROJECT
        settings.FIREBASE_AUTH_EMULATOR_HOST = fake.host
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", fake.host)
        fake.users = {"ann": {}, "bob": {}}
        settings.CHAT_AUTH = "firebase"
        yield fake


def lasting(seconds: float, **claims: Any) -> str:
    return unsigned(exp=int(time.time() + seconds), **claims)


# Tokens end


async def test_the_end_of_a_token_is_told_before_it_comes(
    firebase: Google, wire: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some seconds before; then the socket is closed."""
    monkeypatch.setattr(token_expiry, "NOTICE_SECONDS", 1.0)
    socket = wire(token=lasting(3))
    await socket.opened()

    told = await socket.frame()
    assert told["type"] == "auth.expiring"
    assert told["data"].keys() == {"expires_at"}

    assert await socket.close_code() == 4502


async def test_what_ends_sooner_than_the_notice_is_told_at_once(
    firebase: Google, wire: Open
) -> None:
    socket = wire(token=lasting(20))
    await socket.opened()

    assert (await socket.frame())["type"] == "auth.expiring"


async def test_a_fresh_token_puts_the_end_off(
    firebase: Google, wire: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = wire(token=lasting(3))
    await socket.opened()
    assert (await socket.frame())["type"] == "auth.expiring"

    answer = await socket.ask("auth.refresh", token=lasting(3600))

    assert answer["type"] == "reply"
    await lapse(3.1)
    assert (await socket.ask("ping"))["type"] == "reply"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (lambda: unsigned(sub="bob"), "permission_denied"),
        (lambda: lasting(-10), "token_expired"),
        (lambda: unsigned(aud="another"), "not_authenticated"),
        (lambda: "x", "not_authenticated"),
        (lambda: unsigned(sub="ann", auth_time=1, x=1), "token_revoked"),
    ],
    ids=["somebody else's", "an expired one", "of another project", "none", "a revoked one"],
)
async def test_what_does_not_refresh(
    firebase: Google, wire: Open, token: Callable[[], str], code: str
) -> None:
    """It is refused, and the token before goes on."""
    firebase.users["ann"] = {"validSince": "2"}
    socket = wire(token=lasting(3600))
    await socket.opened()

    answer = await socket.ask("auth.refresh", token=token())

    assert (answer["type"], answer["code"]) == ("error", code)
    assert (await socket.ask("ping"))["type"] == "reply"


async def test_a_token_that_ends_earlier_changes_nothing(firebase: Google, wire: Open) -> None:
    socket = wire(token=lasting(3600))
    await socket.opened()

    first = await socket.ask("auth.refresh", token=lasting(7200))
    second = await socket.ask("auth.refresh", token=lasting(60))

    assert first["data"] == second["data"]


async def test_a_development_token_never_ends(wire: Open) -> None:
    socket = wire()
    await socket.opened()

    answer = await socket.ask("auth.refresh", token=authentication.issue_development_token("ann"))

    assert answer["data"] == {"expires_at": None}


@pytest.mark.parametrize("user", [{"disabled": True}, {"validSince": str(2**33)}, None])
async def test_revoked_at_the_door(
    firebase: Google, wire: Open, user: dict[str, Any] | None
) -> None:
    """Disabled, revoked or deleted: whoever comes in is asked for."""
    firebase.users = {} if user is None else {"ann": user}
    socket = wire(token=lasting(3600))

    await socket.next()
    assert await socket.close_code() == 4503


# Logged out, banned


async def test_who_logs_out_is_out(wire: Open, instance: Instance) -> None:
    """On all of their sockets before the answer; a new sign-in is let in, the old one is not."""
    old = authentication.issue_development_token("ann")
    sockets = [wire(token=old) for _ in range(3)]
    bob = wire("bob")
    for socket in (*sockets, bob):
        await socket.opened()

    await sessions.log_out_everywhere(instance, user_id="ann")

    assert instance.hub.connections.user_ids == ("bob",)
    for socket in sockets:
        assert await socket.close_code() == 4503
    again = wire(token=old)
    await again.next()
    assert await again.close_code() == 4503
    await wire("ann").opened()
    assert (await bob.ask("ping"))["type"] == "reply"


async def test_a_banned_person_stays_out(wire: Open, instance: Instance) -> None:
    """With fresh tokens as well, until the ban is lifted."""
    socket = wire()
    await socket.opened()

    await people.ban_person(instance, person_id="ann")

    assert await socket.close_code() == 4503
    again = wire()
    await again.next()
    assert await again.close_code() == 4503
    await people.unban_person(instance, person_id="ann")
    await wire().opened()


async def test_who_is_shut_out_gets_nothing_that_waits(wire: Open, instance: Instance) -> None:
    """Not even what was queued for a slow client before."""
    socket = wire()
    await socket.opened()
    socket.writable.clear()
    for number in range(10):
        instance.hub.broadcast(f'{{"number": {number}}}')

    await people.ban_person(instance, person_id="ann")
    socket.writable.set()

    first = await socket.next()
    assert first["type"] == "websocket.send"  # it was on its way
    assert await socket.next() == close_message(CloseCode.BANNED_OR_LOGGED_OUT)


async def test_shut_out_while_coming_in(
    wire: Open, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the token and the registration with the hub."""
    list_conversations = instance.store.list_memberships

    async def meanwhile(*args: Any, **options: Any) -> Any:
        page = await list_conversations(*args, **options)
        await people.ban_person(instance, person_id="ann")
        return page

    monkeypatch.setattr(instance.store, "list_memberships", meanwhile)
    socket = wire()

    assert (await socket.next())["type"] == "websocket.accept"
    assert await socket.next() == close_message(CloseCode.BANNED_OR_LOGGED_OUT)


# Too many, too much


async def test_the_oldest_of_too_many_sockets_goes(
    wire: Open, instance: Instance, settings: Settings
) -> None:
    settings.CHAT_LIMITS = {"sockets": 3}
    sockets = []
    for _ in range(5):
        sockets.append(wire())
        await sockets[-1].opened()

    for socket in sockets[:2]:
        assert await socket.close_code() == 4506
    for socket in sockets[2:]:
        assert (await socket.ask("ping"))["type"] == "reply"


@pytest.fixture
def limited(settings: Settings) -> None:
    settings.CHAT_RATE_LIMITS = True


async def test_so_much_is_read_message_by_message(limited: None, wire: Open) -> None:
    """A hundred at once, over all sockets of a person: each may be a transaction of the store."""
    sockets = [wire(), wire()]
    for socket in sockets:
        await socket.opened()
    fields = {"conversation_id": random_id(), "seq": 1}

    for number in range(160):  # at once: the rate allows more with time
        sockets[number % 2].command(id=number, type="receipt.read", **fields)
    codes = Counter([(await socket.frame())["code"] for socket in sockets for _ in range(80)])

    assert codes["conversation_not_found"] >= 100
    assert codes["rate_limited"] > 0


async def test_who_reads_too_fast_is_not_let_go(limited: None, wire: Open) -> None:
    """However often it is refused: the next receipt says as much."""
    socket = wire()
    await socket.opened()
    fields = {"conversation_id": random_id(), "seq": 1}
    refused = 0
    while refused <= throttling.MAX_VIOLATIONS:
        answer = await socket.ask("receipt.read", **fields)
        refused += answer["code"] == "rate_limited"

    assert (await socket.ask("ping"))["type"] == "reply"


async def test_who_acknowledges_what_there_is_not_is_let_go(limited: None, wire: Open) -> None:
    """Each costs the store a read."""
    socket = wire()
    await socket.opened()
    for number in range(2 * throttling.MAX_VIOLATIONS):
        socket.command(id=number, type="receipt.delivered", conversation_id=random_id(), seq=1)

    assert await socket.close_code() == 4505


async def test_beyond_the_rate_commands_are_refused(
    limited: None, wire: Open, instance: Instance
) -> None:
    """With the time after which to come back; over all sockets of a person."""
    # Nothing is refilled meanwhile, however slow the machine is.
    state = ApplicationState(instance)
    slow = replace(state.person_rates.sends, per_second=0.01)
    state.person_rates = replace(state.person_rates, sends=slow)
    sockets = [wire(state=state), wire(state=state)]
    for socket in sockets:
        await socket.opened()
    fields = {"conversation_id": random_id(), "text": "hello", "client_id": "1"}

    codes = [
        (await sockets[number % 2].ask("message.send", **fields))["code"] for number in range(22)
    ]
    refused = await sockets[0].ask("typing.start", conversation_id=random_id())
    again = await sockets[1].ask("typing.start", conversation_id=random_id())

    assert codes[:20] == ["conversation_not_found"] * 20
    assert "rate_limited" in codes[20:]
    assert refused["code"] == "conversation_not_found"
    assert (again["code"], again["status"]) == ("rate_limited", 429)
    assert 1 <= again["retry_after"] <= 3


@pytest.mark.parametrize("frame", ["{", '{"id": 1, "type": "ping"}'], ids=["unreadable", "flood"])
async def test_who_goes_on_and_on_is_let_go(
    limited: None, wire: Open, frame: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some sixty refusals in a row."""
    monkeypatch.setattr(throttling, "_REFUSAL_SECONDS", 0)
    socket = wire()
    await socket.opened()
    for _ in range(1_000):
        socket.give("websocket.receive", text=frame)

    assert await socket.close_code() == 4505


@pytest.mark.parametrize(
    "frame",
    [
        '{"id": 1, "type": "ping", "x": 1}',
        '{"id": 1, "type": "nonsense"}',
        '{"id": 1, "type": "receipt.read", "conversation_id": "a", "seq": "1"}',
        r'{"id": 1, "type": "typing.stop", "conversation_id": "\ud800"}',
    ],
    ids=["field", "type", "value", "surrogate"],
)
async def test_invalid_commands_are_violations(limited: None, wire: Open, frame: str) -> None:
    """A hundred of them, which as valid ones would all be carried out."""
    socket = wire()
    await socket.opened()
    for _ in range(100):
        socket.give("websocket.receive", text=frame)

    assert await socket.close_code() == 4505


def _expired() -> str:
    return authentication.issue_development_token(
        "ann", expires_at=datetime.now(UTC) - timedelta(minutes=1)
    )


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (lambda: "nonsense.nonsense", "not_authenticated"),
        (_expired, "token_expired"),
        (lambda: authentication.issue_development_token("bob"), "permission_denied"),
    ],
)
async def test_who_shows_one_bad_token_after_the_other_is_let_go(
    limited: None, wire: Open, token: Callable[[], str], code: str
) -> None:
    """Each costs a verification. A client whose clock is late tries a few times, and stays."""
    socket = wire()
    await socket.opened()
    for number in range(10):
        socket.command(id=number, type="auth.refresh", token=token())
        while (answer := await socket.frame()).get("id") != number:
            pass
        assert answer["code"] == code
    assert (await socket.ask("ping"))["type"] == "reply"

    for number in range(2 * throttling.MAX_VIOLATIONS):
        socket.command(id=number, type="auth.refresh", token=token())
    assert await socket.close_code() == 4505


async def test_more_sockets_allow_no_more_commands(
    limited: None, wire: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However cheap they are, and also on a socket that is opened anew."""
    few = Rate(name="commands", per_second=0.1, burst=6)
    monkeypatch.setattr(runner, "COMMANDS", few)
    sockets = [wire() for _ in range(3)]
    for socket in sockets:
        await socket.opened()

    answers = [await sockets[number % 3].ask("ping") for number in range(6)]
    anew = wire()
    await anew.opened()

    assert {answer["type"] for answer in answers} == {"reply"}
    for socket in (*sockets, anew):
        assert (await socket.ask("ping"))["code"] == "rate_limited"
    other = wire("bob")
    await other.opened()
    assert (await other.ask("ping"))["type"] == "reply"


async def test_more_sockets_allow_no_more_violations(
    limited: None, wire: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond what all may commit together, the socket that commits the next one is closed. The
    others stay, and what is opened anew does not begin from nothing."""
    few = Rate(name="violations", per_second=0.1, burst=4)
    monkeypatch.setattr(throttling, "VIOLATIONS", few)
    sockets = [wire() for _ in range(3)]
    for socket in sockets:
        await socket.opened()

    for number in range(4):
        assert (await sockets[number % 2].ask("nonsense"))["code"] == "invalid_request"
    sockets[0].command(id=1, type="nonsense")
    assert await sockets[0].close_code() == 4505
    anew = wire()
    await anew.next()

    assert await anew.close_code() == 1013
    for socket in sockets[1:]:
        assert (await socket.ask("ping"))["type"] == "reply"


async def test_a_sync_counts_as_many_conversations_as_it_names(
    limited: None, wire: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over all sockets; one that is refused counts nothing."""
    few = Rate(name="synced", per_second=0.1, burst=5)
    monkeypatch.setattr(syncing, "SYNCED", few)
    sockets = [wire(), wire()]
    for socket in sockets:
        await socket.opened()

    async def sync(socket: Wire, count: int) -> Any:
        named = {random_id(): 0 for _ in range(count)}
        return await socket.ask("conversation.sync", conversations=named)

    assert (await sync(sockets[0], 3))["type"] == "reply"
    refused = await sync(sockets[1], 3)
    assert (refused["code"], refused["status"]) == ("rate_limited", 429)
    assert 1 <= refused["retry_after"] <= 10
    assert (await sync(sockets[1], 2))["type"] == "reply"


async def test_a_mistake_now_and_then_is_no_violation(limited: None, wire: Open) -> None:
    """A client of another version, say, of which one command in ten is invalid: so many at once
    as a person could send. It learns what is wrong and stays."""
    socket = wire()
    await socket.opened()
    for number in range(throttling.MAX_VIOLATIONS - 1):
        answer = await socket.ask("ping", x=number)
        assert answer["code"] == "invalid_request"

    assert (await socket.ask("ping"))["type"] == "reply"


async def test_long_invalid_commands_count_by_their_length(limited: None, wire: Open) -> None:
    """The socket is closed after few of them, and after a few sockets the person has to wait."""
    many = list(range(10_000))
    for accepted in (5, 5, 5, 2):
        socket = wire()
        await socket.opened()
        for number in range(accepted):
            socket.command(id=number, type="presence.watch", user_ids=many)
            assert (await socket.frame())["code"] == "invalid_request"
        assert await socket.close_code() == 4505
    refused = wire()

    await refused.next()
    assert await refused.close_code() == 1013


async def test_who_connects_too_often_has_to_wait(
    limited: None, wire: Open, instance: Instance
) -> None:
    state = ApplicationState(instance)
    few = Rate(name="requests", per_second=0.1, burst=2)
    state.person_rates = replace(state.person_rates, requests=few)
    for _ in range(2):
        await wire(state=state).opened()
    socket = wire(state=state)

    await socket.next()
    assert await socket.close_code() == 1013


async def test_without_limits_nobody_is_let_go(wire: Open) -> None:
    """For load tests."""
    bucket = throttling.violation_bucket()

    assert not any(bucket.overflows() for _ in range(10_000))
