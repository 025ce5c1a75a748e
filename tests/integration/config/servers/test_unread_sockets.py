"""Sockets whose clients read nothing and end their side: the server keeps none of them."""

import asyncio
import contextlib
import fcntl
import struct
import termios
from collections.abc import Sequence
from pathlib import Path
from socket import SHUT_WR, SO_RCVBUF, SOL_SOCKET

import orjson
import pytest

from config.development.processes import Process
from config.servers.backpressure import LINGER_SECONDS
from tests.clients.rest import Rest, http_client, token_of
from tests.integration.config.servers.conftest import Serve
from tests.integration.config.servers.raw_peer import CLOSE, TEXT, Peer, frame
from tests.integration.config.servers.served import (
    Command,
    bare_uvicorn,
    serve_with_daphne,
)
from tests.servers.commands import serve_command

LONG = "語" * 10_000
"""30 KB on the wire."""
PATIENCE = 30


def open_sockets(process: Process) -> set[str]:
    """The sockets that a server holds (Linux, proc(5))."""
    names = set()
    for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.add(str(descriptor.readlink()))
    return {name for name in names if name.startswith("socket:")}


class Unreading(Peer):
    """Its kernel takes little, and it asks for more than that."""

    def ask(self, group: str) -> None:
        self._socket.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        self.open(token_of("ann"))
        command = {"id": 1, "type": "conversation.sync", "conversations": {group: 0}}
        self.send(frame(TEXT, orjson.dumps(command)) * 5)

    @property
    def has_unread(self) -> bool:
        """Whether answers have arrived."""
        (size,) = struct.unpack("i", fcntl.ioctl(self._socket, termios.FIONREAD, bytes(4)))
        return bool(size > 2048)

    def ends_its_side(self) -> None:
        self._socket.shutdown(SHUT_WR)

    def says_that_it_closes(self) -> None:
        self.send(frame(CLOSE, b"\x03\xe8"))


def asyncio_uvicorn(port: int) -> Sequence[str]:
    """With the event loop of Python."""
    return [*bare_uvicorn(port), "--loop", "asyncio"]


@pytest.mark.parametrize("command", [serve_command, asyncio_uvicorn, serve_with_daphne])
async def test_a_client_that_reads_nothing_and_leaves(serve: Serve, command: Command) -> None:
    """What it has not read is dropped with the connection. It could hold a descriptor, and its
    unread frames, for as long as it likes."""
    port, process = serve(command)
    async with http_client(f"http://127.0.0.1:{port}") as http:
        ann = Rest(http, "ann")
        group = (await ann.create_group(title="Tea"))["id"]
        for number in range(12):
            await ann.send(group, LONG, str(number))
    before = open_sockets(process)
    with Unreading(port) as ending, Unreading(port) as closing:
        for peer in (ending, closing):
            peer.ask(group)
        async with asyncio.timeout(PATIENCE):
            while not (ending.has_unread and closing.has_unread):
                await asyncio.sleep(0.05)
        theirs = open_sockets(process) - before
        assert len(theirs) == 2
        ending.ends_its_side()
        closing.says_that_it_closes()
        async with asyncio.timeout(LINGER_SECONDS + PATIENCE):
            while open_sockets(process) & theirs:
                await asyncio.sleep(0.1)
