"""What a connection leaves behind is freed at once, without the garbage collector: the HTTP
protocol of a connection that became a socket, and everything of a socket that has ended."""

import asyncio
import gc
import struct
import weakref
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from config.servers.backpressure import SocketGuard, flow_controlled
from config.servers.uvicorn import BoundedHttpProtocol
from config.servers.uvicorn_socket import DirectProtocol, StepEnd, add_direct_transport
from tests.integration.config.servers.raw_peer import CLOSE, TEXT, frame, upgrade
from tests.unit.config.servers.test_direct_writes import Recording


async def _application(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.Event().wait()


async def test_an_upgrade_leaves_nothing_to_the_garbage_collector() -> None:
    """The collector stops the event loop, and thousands may connect at once."""
    config = uvicorn.Config(_application, interface="asgi3", log_config=None, ws=DirectProtocol)
    config.load()
    transport = Recording()
    protocol = BoundedHttpProtocol(config, ServerState(), {})
    transport.set_protocol(protocol)
    protocol.connection_made(transport)
    gone = weakref.ref(protocol)
    gc.disable()
    try:
        protocol.data_received(upgrade())
        del protocol

        assert isinstance(transport.get_protocol(), SocketGuard)
        assert gone() is None
    finally:
        gc.enable()


async def _accepting(scope: Any, receive: Any, send: Any) -> None:
    """As the product's application, which guards its sockets and writes past the server."""
    receive, send = flow_controlled(receive, send)
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


@pytest.mark.parametrize(
    "last",
    [b"", frame(CLOSE, struct.pack("!H", 1001)), b"\x81\x02{}"],
    ids=["lost", "closed by the client", "wrong frame"],
)
async def test_a_socket_that_has_ended_leaves_nothing_to_the_garbage_collector(
    last: bytes,
) -> None:
    """Objects of long-lived sockets are frozen. A cycle among them would stay for a long time."""
    step_end = StepEnd()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        scope = dict(scope)  # as `config.application` does: the protocol keeps the server's own
        add_direct_transport(scope, send, step_end)
        await _accepting(scope, receive, send)

    config = uvicorn.Config(application, interface="asgi3", log_config=None, ws=DirectProtocol)
    config.load()
    state = ServerState()
    transport = Recording()
    transport.set_protocol(DirectProtocol(config, state, {}))
    gc.disable()
    try:
        protocol: Any = transport.get_protocol()
        protocol.connection_made(transport)
        gone = weakref.ref(protocol), weakref.ref(protocol.conn)
        protocol.data_received(upgrade())
        async with asyncio.timeout(10):
            while not transport.written:
                await asyncio.sleep(0)
            del protocol
            guard: Any = transport.get_protocol()
            guard.data_received(frame(TEXT, b"{}") + last)
            guard.connection_lost(None)
            del guard
            while state.tasks:
                await asyncio.sleep(0)
        transport.forget_protocol()  # as the transports of asyncio and uvloop do

        assert [one() for one in gone] == [None, None]
    finally:
        gc.enable()
