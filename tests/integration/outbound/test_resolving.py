"""Names whose servers hang, or answer too much: they hold up nobody else."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from messaging.outbound.resolving import Resolver

LOOPBACK = ip_address("127.0.0.1")
_HUNG = 20
_ENDS_WHILE_IT_HANGS = """
import asyncio, socket, threading
from messaging.outbound.client import OutboundClient
from messaging.outbound.failures import OutboundFailed

socket.getaddrinfo = lambda *_, **__: threading.Event().wait()

async def main():
    client = OutboundClient(listed=())
    try:
        await client.post("http://slow.example/", body=b"", headers={}, seconds=0.5)
    except OutboundFailed as failed:
        print(failed)
    await client.close()

asyncio.run(main())
"""


class NameServers:
    """They answer when a test says so, for the names that begin with `slow`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.addresses = ["127.0.0.1"]

    def look_up(self, host: str, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host.startswith("slow"):
            self.may_answer.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in self.addresses]


@pytest.fixture(name="servers")
def _servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServers]:
    servers = NameServers()
    monkeypatch.setattr(socket, "getaddrinfo", servers.look_up)
    yield servers
    servers.may_answer.set()


async def test_requests_for_one_name_share_its_look_up(servers: NameServers) -> None:
    """Also if the first of them gives up. A later one looks the name up again."""
    resolver = Resolver()
    slow = [asyncio.create_task(resolver("slow.example")) for _ in range(10)]
    assert await resolver("other.example") == [LOOPBACK]
    slow[0].cancel()
    await asyncio.wait(slow[:1])
    servers.may_answer.set()
    assert await asyncio.gather(*slow[1:]) == [[LOOPBACK]] * 9
    await resolver("slow.example")
    assert sorted(servers.asked) == ["other.example", "slow.example", "slow.example"]


async def test_many_names_that_hang(servers: NameServers) -> None:
    """They hold up no other name."""
    resolver = Resolver()
    slow = [asyncio.create_task(resolver(f"slow{number}.example")) for number in range(_HUNG)]
    await asyncio.wait(slow, timeout=0.0)
    async with asyncio.timeout(30):
        assert await resolver("other.example") == [LOOPBACK]
    assert not any(task.done() for task in slow)
    servers.may_answer.set()
    assert await asyncio.gather(*slow) == [[LOOPBACK]] * _HUNG


async def test_more_names_than_there_may_be_threads(servers: NameServers) -> None:
    """The rest fail at once, and work again later."""
    resolver = Resolver()
    slow = [asyncio.create_task(resolver(f"slow{number}.example")) for number in range(64)]
    await asyncio.wait(slow, timeout=0.0)
    with pytest.raises(OSError, match="Too many names"):
        await resolver("other.example")
    servers.may_answer.set()
    await asyncio.gather(*slow)
    assert await resolver("other.example") == [LOOPBACK]


async def test_a_name_with_thousands_of_addresses(servers: NameServers) -> None:
    """Few of them are considered."""
    servers.addresses = [str(ip_address("10.0.0.0") + number) for number in range(4_000)]
    assert len(await Resolver()("many.example")) <= 32


def test_a_process_that_ends_while_a_name_hangs() -> None:
    """It does not wait for the look-up."""
    command = [sys.executable, "-c", _ENDS_WHILE_IT_HANGS]  # a fork would end in another way
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert ended.stdout.strip() == "no_answer"
