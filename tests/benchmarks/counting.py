"""A relay of TCP connections that counts the bytes which come back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class CountingRelay:
    def __init__(self, host: str, port: int) -> None:
        """`host`, `port`: of the server behind it."""
        self._server = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.received = 0
        """Bytes that the server has sent, to all clients together."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    def run(self) -> None:
        """Accept until `stop`."""
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._server)
                for source, target, counts in ((client, server, False), (server, client, True)):
                    pump = threading.Thread(target=self._pump, args=(source, target, counts))
                    pump.daemon = True
                    pump.start()

    def stop(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _pump(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(65_536):
                self.received += len(data) if counts else 0
                target.sendall(data)


@contextmanager
def counting(server: str) -> Iterator[CountingRelay]:
    """A relay before this host:port."""
    host, _, port = server.rpartition(":")
    relay = CountingRelay(host, int(port))
    accepting = threading.Thread(target=relay.run)
    accepting.start()
    try:
        yield relay
    finally:
        relay.stop()
        accepting.join()
