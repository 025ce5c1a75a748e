"""The connections of outgoing requests: kept, ended, and never in the way of another URL."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from messaging.outbound.answers import Answer
from messaging.outbound.client import OutboundClient
from messaging.outbound.failures import Failure, OutboundFailed
from tests.integration.outbound.hooks import LOOPBACK, Hook, Received, answer
from tests.integration.outbound.peers import running_peer

_PLENTY = 100
"""More requests than any pool of connections has places."""
_MAX_KEPT = 256
_URLS = 10
_REQUESTS = 32
"""To one URL at once. All of them are more than may be kept."""


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


async def test_an_answer_that_was_not_read_yet(client: OutboundClient) -> None:
    """An answer that nobody has asked for may wait in the buffer of the system. It is not taken for
    that of the next request."""
    with running_peer() as peer:
        peer.answer_next(answer(200, b"first"))
        assert (await post(client, peer.url)).body == b"first"
        peer.connections[0].sendall(answer(200, b"not asked"))
        peer.answer_next(answer(200, b"second"))
        assert (await post(client, peer.url)).body == b"second"


async def test_an_end_that_was_not_read_yet(client: OutboundClient) -> None:
    """No request is sent on a connection that the server has ended: it might arrive twice."""
    with running_peer() as peer:
        peer.answer_next(answer(200, b"first"))
        await post(client, peer.url)
        peer.connections[0].shutdown(socket.SHUT_WR)
        peer.answer_next(answer(200, b"second"))
        assert (await post(client, peer.url)).body == b"second"
        assert await asyncio.to_thread(peer.read_to_end, 0) == b""


async def test_an_answer_that_is_cut(client: OutboundClient) -> None:
    """The end of the connection may complete an answer, but an error may not."""
    with running_peer() as peer:
        peer.answer_next(b"HTTP/1.1 200 OK\r\n\r\nhalf", reset=True)
        with pytest.raises(OutboundFailed) as caught:
            await post(client, peer.url)
    assert caught.value.failure is Failure.BROKEN_ANSWER


async def test_the_kept_connections_are_bounded(client: OutboundClient) -> None:
    """Those of all URLs together: the ones that have waited the longest end."""
    together = asyncio.Barrier(_URLS * _REQUESTS)

    async def answers(_: Received) -> bytes:
        await together.wait()
        return answer()

    async with AsyncExitStack() as stack:
        hooks = [await stack.enter_async_context(Hook(answers).run()) for _ in range(_URLS)]
        for _ in range(2):
            await asyncio.gather(
                *(post(client, hook.url) for hook in hooks for _ in range(_REQUESTS))
            )
        opened = sum(hook.connections for hook in hooks)
    assert opened - _URLS * _REQUESTS >= _URLS * _REQUESTS - _MAX_KEPT
