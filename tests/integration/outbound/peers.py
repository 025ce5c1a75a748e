"""A receiver on the loopback address that works in threads, so that its bytes may arrive while the
event loop of the client does not run."""

import socket
import struct
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

_SECONDS = 5.0
_RESET = struct.pack("ii", 1, 0)
"""To linger for no time: the end of the connection is a reset."""


class Peer:
    """It has one connection at a time, the newest one."""

    def __init__(self, listener: socket.socket, threads: ThreadPoolExecutor) -> None:
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._threads = threads
        self.connections: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def answer_next(self, given: bytes, *, reset: bool = False) -> "Future[None]":
        """Answer the request on the next new connection, then perhaps reset it."""
        return self._threads.submit(self._answer, given, reset)

    def read_to_end(self, number: int) -> bytes:
        """Return what arrives on a connection from now on, until the client ends it."""
        parts = []
        while part := self.connections[number].recv(65_536):
            parts.append(part)
        return b"".join(parts)

    def _answer(self, given: bytes, reset: bool) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(_SECONDS)
        self.connections.append(connection)
        while b"\r\n\r\n{}" not in connection.recv(65_536, socket.MSG_PEEK):
            pass
        connection.recv(65_536)
        connection.sendall(given)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            connection.close()


@contextmanager
def running_peer() -> Iterator[Peer]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        ThreadPoolExecutor() as threads,
    ):
        listener.settimeout(_SECONDS)
        peer = Peer(listener, threads)
        yield peer
        for connection in peer.connections:
            connection.close()
