"""A relay between the store and PostgreSQL that spoils commits."""

import contextlib
import enum
import socket
import threading
from collections.abc import Callable
from typing import Self


class At(enum.Enum):
    """What becomes of the next COMMIT."""

    PASS = "goes through"
    LOSE_REQUEST = "never reaches the server, and the connection ends"
    LOSE_ANSWER = "is carried out, and the connection ends without its answer"
    HOLD = "stays with the relay; the connection ends when the server's end does"


class PostgresRelay:
    """Listens on a port of its own and passes on what it gets, each connection in two threads."""

    def __init__(self, server_port: int) -> None:
        self.commits = At.PASS
        self.held = threading.Event()
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc_info: object) -> None:
        for one in [self._listener, *self._sockets]:
            _end(one)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            self._start(self._pass_requests, client, server)
            self._start(self._pass_answers, client, server)

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT" in data and self.commits is At.HOLD:
                    self.held.set()
                    return
                if b"COMMIT" in data and self.commits is At.LOSE_REQUEST:
                    break
                server.sendall(data)
        _end(client)
        _end(server)

    def _pass_answers(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if self.commits is At.LOSE_ANSWER and b"COMMIT" in data:
                    break
                client.sendall(data)
        _end(client)
        _end(server)

    def _start(self, target: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args)
        self._threads.append(thread)
        thread.start()


def _end(one: socket.socket) -> None:
    """Also for a thread that waits for it."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
