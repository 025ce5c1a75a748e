"""When frames may be written past uvicorn: to an open socket whose client keeps up, and never
behind a close frame."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from uvicorn.server import ServerState

from config.servers.backpressure import SocketGuard
from config.servers.uvicorn_socket import DirectProtocol, StepEnd, UvicornTransport
from tests.integration.config.servers.raw_peer import CLOSE, PING, frame, upgrade

_SECONDS = 10.0


class Recording(asyncio.Transport):
    """The transport of a connection. It keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self._protocol: asyncio.BaseProtocol | None = None
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self._closing = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self._protocol is not None
        return self._protocol

    def forget_protocol(self) -> None:
        self._protocol = None


class Socket:
    """An accepted socket of uvicorn, and its direct transport."""

    def __init__(self) -> None:
        config = uvicorn.Config(self._application, interface="asgi3", log_config=None)
        config.load()
        self.transport = Recording()
        self.protocol = DirectProtocol(config, ServerState(), {})
        self.transport.set_protocol(self.protocol)
        self.protocol.connection_made(self.transport)
        self.direct = UvicornTransport(self.protocol, StepEnd())
        self.guard = SocketGuard.of(self.transport)
        self.in_handshake = (self.direct.write_now, self.direct.write(b"early"))
        self._accepted, self._ended = asyncio.Event(), asyncio.Event()
        self.protocol.data_received(upgrade())

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.guard.accepted()
        self.send = send
        self._accepted.set()
        await self._ended.wait()

    async def accepted(self) -> None:
        async with asyncio.timeout(_SECONDS):
            await self._accepted.wait()
        self.transport.written.clear()

    async def end(self) -> None:
        self._ended.set()
        await asyncio.gather(*self.protocol.tasks)
        self.protocol.stop_keepalive()
        if self.protocol.close_timer is not None:
            self.protocol.close_timer.cancel()
        self.guard.connection_lost(None)


@pytest_asyncio.fixture
async def opened() -> AsyncIterator[Socket]:
    opened = Socket()
    await opened.accepted()
    yield opened
    await opened.end()


async def test_an_open_socket_is_written_to_at_once(opened: Socket) -> None:
    """Not before the handshake is complete: then frames wait."""
    assert opened.in_handshake == (None, False)
    assert opened.direct.write_now is not None
    opened.direct.write_now(b"one")
    assert opened.direct.write(b"two")
    assert opened.transport.written == [b"one", b"two"]


async def test_a_client_that_is_behind(opened: Socket) -> None:
    """Its frames go through `send`, which waits, until it has read."""
    opened.guard.pause_writing()
    assert opened.direct.write_now is None
    assert not opened.direct.write(b"one")
    assert opened.transport.written == []

    opened.guard.resume_writing()
    assert opened.direct.write_now is not None


async def closed_by_us(opened: Socket) -> None:
    await opened.send({"type": "websocket.close", "code": 4001})


async def closed_by_the_client(opened: Socket) -> None:
    opened.guard.data_received(frame(CLOSE, b"\x03\xe8"))


async def writes_no_more(opened: Socket) -> None:
    opened.guard.eof_received()


async def floods(opened: Socket) -> None:
    opened.guard.data_received(frame(PING) * 300)


async def breaks_the_protocol(opened: Socket) -> None:
    opened.guard.data_received(b"\x8f\x80" + bytes(4))


async def does_not_answer_pings(opened: Socket) -> None:
    opened.protocol.keepalive_timeout()


async def the_server_ends(opened: Socket) -> None:
    opened.protocol.shutdown()


async def is_lost(opened: Socket) -> None:
    opened.transport.close()
    opened.protocol.connection_lost(ConnectionResetError())
    opened.protocol.connections.add(opened.protocol)  # for the end of the test, which loses it too


@pytest.mark.parametrize(
    "end",
    [
        closed_by_us,
        closed_by_the_client,
        writes_no_more,
        floods,
        breaks_the_protocol,
        does_not_answer_pings,
        the_server_ends,
        is_lost,
    ],
)
async def test_nothing_is_written_behind_the_end(
    opened: Socket, end: Callable[[Socket], Any]
) -> None:
    await end(opened)
    opened.transport.written.clear()

    assert opened.direct.write_now is None
    assert opened.direct.write(b"late")
    assert opened.transport.written == []
