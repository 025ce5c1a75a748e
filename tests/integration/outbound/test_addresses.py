"""The addresses of a name: one after the other, and beside one that does not answer."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from config.development.ports import free_port
from messaging.outbound.client import OutboundClient
from messaging.outbound.failures import Failure, OutboundFailed
from tests.integration.outbound.hooks import LOOPBACK, Hook
from tests.integration.outbound.names import Names

SILENT = "127.0.0.9"


@pytest.fixture(name="silent_port")
def _silent_port() -> Iterator[int]:
    """A port at which the silent address neither accepts nor refuses a connection: its queue is
    full."""
    with ExitStack() as stack:
        port = free_port()
        stack.enter_context(socket.create_server((SILENT, port), backlog=0))
        for _ in range(4):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex((SILENT, port))
        yield port


async def test_the_next_address_is_tried() -> None:
    """A name may have several addresses, of which the first refuses the connection."""
    async with Hook().run() as hook:
        client = OutboundClient(listed=LOOPBACK, resolve=Names(["127.0.0.2", "127.0.0.1"]))
        url = f"http://app.example:{hook.port}/"
        assert (await client.post(url, body=b"{}", headers={}, seconds=30)).good
        await client.close()


@pytest.mark.parametrize("before", [1, 2])
async def test_an_address_that_does_not_answer(silent_port: int, before: int) -> None:
    """It does not use up the time of the request."""
    names = Names([*[SILENT] * before, "127.0.0.1"])
    client = OutboundClient(listed=LOOPBACK, resolve=names)
    async with Hook().run(silent_port) as hook:
        url = f"http://app.example:{silent_port}/"
        begun = time.monotonic()
        assert (await client.post(url, body=b"{}", headers={}, seconds=30)).good
        assert time.monotonic() - begun < 15
        await client.close()
    assert hook.connections == 1


async def test_no_address_answers(silent_port: int) -> None:
    client = OutboundClient(listed=LOOPBACK, resolve=Names([SILENT, SILENT]))
    url = f"http://app.example:{silent_port}/"
    with pytest.raises(OutboundFailed) as caught:
        await client.post(url, body=b"{}", headers={}, seconds=1)
    assert caught.value.failure is Failure.NO_ANSWER


async def test_every_address_refuses() -> None:
    client = OutboundClient(listed=LOOPBACK, resolve=Names(["127.0.0.2", "127.0.0.1"]))
    url = f"http://app.example:{free_port()}/"
    with pytest.raises(OutboundFailed) as caught:
        await client.post(url, body=b"{}", headers={}, seconds=30)
    assert caught.value.failure is Failure.NOT_CONNECTED
