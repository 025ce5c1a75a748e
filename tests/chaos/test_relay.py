"""The relay passes on what it gets, and breaks what it is told to break."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.chaos.relay import Relay


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture(name="relay")
async def _relay() -> AsyncIterator[Relay]:
    """A relay to a server that says what it is told."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Relay(server.sockets[0].getsockname()[1]) as relay:
        yield relay


class Talk:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, data: bytes) -> bytes:
        self.say(data)
        return await self.hear(len(data))

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    async def hear(self, count: int) -> bytes:
        """Less where the connection ends first."""
        try:
            return await self._reader.readexactly(count)
        except asyncio.IncompleteReadError as error:
            return error.partial
        except ConnectionResetError:
            return b""


@asynccontextmanager
async def talk(relay: Relay) -> AsyncIterator[Talk]:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        yield Talk(reader, writer)
    finally:
        writer.transport.abort()


async def test_passes_on(relay: Relay) -> None:
    """Everything, in order, also what is larger than any buffer."""
    data = bytes(range(256)) * 8_192

    async with talk(relay) as one:
        assert await one.ask(data) == data


async def test_cut(relay: Relay) -> None:
    """What is open ends, what is new ends at once, until it is mended."""
    async with talk(relay) as one:
        assert await one.ask(b"before") == b"before"
        relay.cut()
        assert await one.hear(1) == b""
        async with talk(relay) as another:
            assert await another.ask(b"meanwhile") == b""
    relay.mend()
    async with talk(relay) as one:
        assert await one.ask(b"after") == b"after"


async def test_hang(relay: Relay) -> None:
    """Nothing arrives and nothing ends; then everything arrives."""
    async with talk(relay) as one:
        assert await one.ask(b"before") == b"before"
        relay.hang()
        one.say(b"meanwhile")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(one.hear(1), 0.2)
        relay.mend()
        assert await one.hear(9) == b"meanwhile"


async def test_drop(relay: Relay) -> None:
    """What hung is gone with its connection; a new one passes."""
    async with talk(relay) as one:
        assert await one.ask(b"before") == b"before"
        relay.hang()
        one.say(b"lost")
        relay.drop()
        assert await one.hear(1) == b""
    async with talk(relay) as one:
        assert await one.ask(b"after") == b"after"


async def test_delay(relay: Relay) -> None:
    """Each direction takes that long, however much is under way."""
    relay.delay = 0.1

    async with talk(relay) as one:
        began = time.perf_counter()
        for _ in range(20):
            one.say(b"x" * 100)
            await asyncio.sleep(0)
        assert await one.hear(2_000) == b"x" * 2_000
        assert time.perf_counter() - began >= 0.2


async def test_ends_are_passed_on(relay: Relay) -> None:
    """When one side ends, so does the other, and nothing is left over."""
    async with talk(relay) as one:
        assert await one.ask(b"hello") == b"hello"
        assert relay.open == 1
    async with asyncio.timeout(5):
        while relay.open:
            await asyncio.sleep(0.01)
