"""The connections of outgoing requests: kept, ended, and never in the way of another URL."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any

import pytest

from messaging.outbound.answers import Answer
from messaging.outbound.client import OutboundClient
from messaging.outbound.failures import Failure, OutboundFailed
from messaging.outbound.resolving import Resolver
from tests.integration.outbound.hooks import LOOPBACK, Hook, Received, answer

_PLENTY = 100
"""More requests than any pool of connections has places."""


@pytest.fixture(name="hook")
async def _hook() -> AsyncIterator[Hook]:
    async with Hook().run() as hook:
        yield hook


@pytest.fixture(name="client")
async def _client() -> AsyncIterator[OutboundClient]:
    client = OutboundClient(listed=LOOPBACK)
    yield client
    await client.close()


async def post(client: OutboundClient, url: str, *, seconds: float = 30.0) -> Answer:
    return await client.post(url, body=b"{}", headers={}, seconds=seconds)


async def test_a_connection_is_kept(client: OutboundClient, hook: Hook) -> None:
    for _ in range(3):
        assert (await post(client, hook.url)).good
    assert (len(hook.received), hook.connections) == (3, 1)


async def test_the_kept_connections_end_with_the_client(client: OutboundClient, hook: Hook) -> None:
    """The client can be used again."""
    await post(client, hook.url)
    await client.close()
    await post(client, hook.url)
    assert hook.connections == 2


async def test_a_late_answer_is_not_that_of_another_request(
    client: OutboundClient, hook: Hook
) -> None:
    """A connection ends with a request that nobody waits for any more."""
    may_answer = asyncio.Event()

    async def late(_: Received) -> bytes:
        await may_answer.wait()
        return answer(200, b"late")

    hook.handle = late
    with pytest.raises(OutboundFailed) as caught:
        await post(client, hook.url, seconds=0.2)
    assert caught.value.failure is Failure.NO_ANSWER
    hook.handle = lambda _: answer(200, b"next")
    may_answer.set()
    assert (await post(client, hook.url)).body == b"next"
    assert hook.connections == 2


async def test_an_answer_that_nobody_has_asked_for(client: OutboundClient, hook: Hook) -> None:
    """The connection is not used again."""
    hook.handle = lambda _: answer(200, b"asked") + answer(200, b"not asked")
    assert (await post(client, hook.url)).body == b"asked"
    assert (await post(client, hook.url)).body == b"asked"
    assert hook.connections == 2


async def test_a_kept_connection_that_ends(client: OutboundClient, hook: Hook) -> None:
    """Servers close idle connections after a time of their own, also at the moment of a request.
    The request is sent once more, on a new connection."""
    await post(client, hook.url)

    def dies(_: Received) -> bytes:
        hook.handle = lambda _: answer(200, b"again")
        raise ConnectionResetError

    hook.handle = dies
    assert (await post(client, hook.url)).body == b"again"
    assert (len(hook.received), hook.connections) == (3, 2)


async def test_a_server_that_always_ends_the_connection(client: OutboundClient, hook: Hook) -> None:
    """It is not asked again and again."""
    await post(client, hook.url)

    def dies(_: Received) -> bytes:
        raise ConnectionResetError

    hook.handle = dies
    with pytest.raises(OutboundFailed) as caught:
        await post(client, hook.url)
    assert caught.value.failure is Failure.BROKEN_ANSWER
    assert (len(hook.received), hook.connections) == (3, 2)


async def test_a_url_that_hangs_takes_no_place_from_another(
    client: OutboundClient, hook: Hook
) -> None:
    """However many requests wait for its answers."""
    async with Hook(lambda _: None).run() as hung:
        waiting = [asyncio.create_task(post(client, hung.url)) for _ in range(_PLENTY)]
        try:
            while len(hung.received) < _PLENTY:
                await asyncio.wait(waiting, timeout=0.01)
            assert (await post(client, hook.url)).good
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_name_that_hangs_takes_no_thread_from_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Requests for one name share its look-up, also if the first of them gives up. A later one
    looks the name up again."""
    asked: list[str] = []
    may_answer = threading.Event()

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        if host == "slow.example":
            may_answer.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    resolver = Resolver()
    slow = [asyncio.create_task(resolver("slow.example", 443)) for _ in range(10)]
    assert await resolver("other.example", 443) == [ip_address("127.0.0.1")]
    slow[0].cancel()
    await asyncio.wait(slow[:1])
    may_answer.set()
    assert await asyncio.gather(*slow[1:]) == [[ip_address("127.0.0.1")]] * 9
    await resolver("slow.example", 443)
    resolver.close()
    assert sorted(asked) == ["other.example", "slow.example", "slow.example"]
