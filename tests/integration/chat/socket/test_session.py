"""Opening a socket: who may, and what it begins with."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from messaging.domain.limits import Limits
from tests.clients.rest import token_of
from tests.frames import read_frame
from tests.integration.chat.sockets import (
    ALLOWED_ORIGIN,
    INSTANCE_ID,
    TIMESTAMP,
    Server,
    Socket,
    close_code,
    credentials,
    durable,
    soft,
    without_time,
)

Enter = Callable[[str], Awaitable[Socket]]


def subprotocols(*names: str) -> list[Subprotocol]:
    return [Subprotocol(name) for name in names]


async def greeted(connection: ClientConnection) -> str:
    """The user id that the first frame names."""
    async with asyncio.timeout(5):
        hello = read_frame(await connection.recv())
    assert hello["type"] == "hello"
    user_id: str = hello["data"]["user_id"]
    return user_id


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_token_among_the_subprotocols(server: Server, order: tuple[int, int]) -> None:
    """For browsers, which cannot set headers; the server picks `chat.v1` and never the token."""
    offered = subprotocols("chat.v1", f"bearer.{token_of('ann')}")
    async with server.open(subprotocols=[offered[place] for place in order]) as connection:
        assert connection.subprotocol == "chat.v1"
        assert await greeted(connection) == "ann"


@pytest.mark.parametrize(("given", "kept"), [("mine", True), ("x" * 65, False)])
async def test_the_handshake_has_the_request_id(server: Server, given: str, kept: bool) -> None:
    """The proxy's, if it is sound."""
    headers = {"Authorization": f"Bearer {token_of('ann')}", "X-Request-ID": given}
    async with server.open(additional_headers=headers) as connection:
        assert connection.response is not None
        shown = connection.response.headers["X-Request-ID"]
        assert (shown == given) is kept
        assert 0 < len(shown) <= 64


@pytest.mark.parametrize("offered", [None, subprotocols("chat.v1")])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_a_token_in_the_header(
    server: Server, offered: list[Subprotocol] | None, scheme: str
) -> None:
    """For other clients; a subprotocol is picked where one is offered."""
    headers = {"Authorization": f"{scheme} {token_of('ann')}"}
    async with server.open(subprotocols=offered, additional_headers=headers) as connection:
        assert connection.subprotocol == (offered[0] if offered else None)
        assert await greeted(connection) == "ann"


GOOD = token_of("ann")
BAD_TOKENS = {
    "nonsense": "nonsense",
    "other-signature": GOOD[:-1] + ("A" if GOOD[-1] != "A" else "B"),
    "other-person": token_of("bob").split(".")[0] + "." + GOOD.split(".", 1)[1],
    "no-user-id": token_of("not a user id"),
    "reserved-user-id": token_of("me"),
    "long": "a" * 8_000,
}


@pytest.mark.parametrize("token", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
async def test_a_bad_token(server: Server, token: str) -> None:
    """Accepted, then closed with 4501 before any frame, so that a browser can see why."""
    headers = {"Authorization": f"Bearer {token}"}
    offered = subprotocols("chat.v1", f"bearer.{token}")

    async with server.open(additional_headers=headers) as connection:
        assert await close_code(connection) == 4501
    async with server.open(subprotocols=offered) as connection:
        assert connection.subprotocol == "chat.v1"
        assert await close_code(connection) == 4501


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {GOOD}"},
        {"Authorization": GOOD},
        {"Cookie": f"Authorization=Bearer {GOOD}"},
    ],
    ids=["nothing", "empty", "no-token", "other-scheme", "no-scheme", "cookie"],
)
async def test_no_token(server: Server, headers: dict[str, str]) -> None:
    async with server.open(additional_headers=headers) as connection:
        assert await close_code(connection) == 4501


async def test_a_token_in_the_url_is_none(server: Server) -> None:
    async with server.open(f"/ws/v1?token={GOOD}&access_token={GOOD}") as connection:
        assert await close_code(connection) == 4501


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1.evil.example",
        "http://chat.example",
        "https://chat.example.evil.example",
        "null",
        "nonsense",
        "http://[",
    ],
)
async def test_foreign_origins(server: Server, origin: str) -> None:
    """Closed with 4504, whoever asks."""
    async with server.open(
        origin=Origin(origin), additional_headers=credentials("ann")
    ) as connection:
        assert await close_code(connection) == 4504


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "http://localhost:5173"])
async def test_a_page_of_this_machine_with_development_tokens(server: Server, origin: str) -> None:
    async with server.open(
        origin=Origin(origin), additional_headers=credentials("ann")
    ) as connection:
        assert read_frame(await connection.recv())["type"] == "hello"


async def test_a_host_that_is_not_ours_makes_no_origin_ours(server: Server) -> None:
    """Another name may be made to resolve to this address (DNS rebinding)."""
    async with server.open(
        host="evil.example",
        origin=Origin(f"http://evil.example:{server.port}"),
        additional_headers=credentials("ann"),
    ) as connection:
        assert await close_code(connection) == 4504


@pytest.mark.parametrize("origin", [None, "same", ALLOWED_ORIGIN])
async def test_allowed_origins(server: Server, origin: str | None) -> None:
    """No browser, a page of this very host, and whatever ALLOWED_ORIGINS names."""
    origin = server.url if origin == "same" else origin
    async with server.open(
        origin=None if origin is None else Origin(origin), additional_headers=credentials("ann")
    ) as connection:
        assert await greeted(connection) == "ann"


@pytest.mark.parametrize("path", ["/", "/ws", "/ws/", "/ws/v1/", "/ws/v2", "/ws/v1/x", "/api/v1"])
async def test_other_paths_are_refused(server: Server, path: str) -> None:
    """Before anything is accepted."""
    with pytest.raises(InvalidStatus) as refused:
        async with server.open(path, additional_headers=credentials("ann")):
            pass

    assert refused.value.response.status_code == 403


async def test_hello(people: Enter) -> None:
    """The first frame, with exactly what the contract says."""
    ann = await people("ann")
    first = await ann.event()
    group = await ann.rest.create_group(title="Tea")
    await ann.rest.send(group["id"], "one", "1")
    await ann.rest.send(group["id"], "two", "2")
    await ann.rest.request("PATCH", f"/conversations/{group['id']}", {"title": "Coffee"})
    second = await (await people("ann")).event()

    for hello in (first, second):
        assert isinstance(hello["data"].pop("connection_id"), str)
        assert TIMESTAMP.fullmatch(hello["data"].pop("at"))
    assert first["data"].pop("epoch") == second["data"].pop("epoch")
    expected = {
        "instance_id": INSTANCE_ID,
        "user_id": ann.user_id,
        "heartbeat_seconds": 25,
        "limits": Limits().as_dict(),
        "degraded": False,
        "conversations": {},
        "truncated": False,
    }
    assert without_time(first) == soft("hello", expected)
    expected["conversations"] = {group["id"]: {"version": 3, "seq": 2}}
    assert without_time(second) == soft("hello", expected)
    assert first["event_id"] != second["event_id"]
    assert (await ann.rest.request("GET", "/me"))["limits"] == expected["limits"]


async def test_hello_names_no_conversation_that_one_left(people: Enter) -> None:
    ann, bob = await people("ann"), await people("bob")
    group = await ann.rest.create_group(bob.user_id, title="Tea")
    await ann.rest.remove(group["id"], bob.user_id)

    hello = await (await people("bob")).event()

    assert hello["data"]["conversations"] == {}


async def test_hello_comes_first_amid_traffic(people: Enter) -> None:
    """Whatever happens meanwhile: every frame after it is above the version that it names, and
    from there on none is missing."""
    ann = await people("ann")
    group = (await ann.rest.create_group(f"bob-{ann.user_id.split('-')[1]}", title="Tea"))["id"]
    sent = 60

    async def talk() -> None:
        for number in range(sent):
            await ann.write(group, "hello", str(number))

    talking = asyncio.create_task(talk())
    bobs: list[Socket] = []
    while not talking.done() and len(bobs) < 20:  # of more the first would be closed
        bobs.append(await people("bob"))
    await talking

    for bob in bobs:
        hello, *events = await bob.unread_events()
        assert hello["type"] == "hello"
        named = hello["data"]["conversations"][group]
        assert [event["version"] for event in events] == list(range(named["version"] + 1, sent + 1))


async def test_a_second_socket_ends_without_the_first(people: Enter, server: Server) -> None:
    """Closing one leaves the others of the same person alone."""
    ann = await people("ann")
    await ann.event()
    async with server.open(additional_headers=credentials(ann.user_id)) as other:
        await other.recv()
    group = await ann.rest.create_group(title="Tea")

    message = await ann.write(group["id"], "still here", "1")

    added, created = await ann.unread_events()
    assert added["type"] == "conversation.added"
    assert without_time(created) == durable("message.created", group["id"], 1, {"message": message})
