"""Amazon SQS on the loopback address, played by moto; `python -m tests.notifications.sqs_server`
runs it as moto.server does."""

import logging
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer
from moto.server import main as run_moto
from moto.sqs.models import SQSBackend

from config.development.ports import free_port
from config.development.processes import Process

_REGION = "eu-central-1"
_COPY_BYTES = 65_536
_ROOT = Path(__file__).resolve().parents[2]


def _valid(self: SQSBackend, queue_name: str, message: Any) -> bool:
    """Nothing grows too old here, and moto counts the whole queue three times for each message
    that it delivers: with 600 waiting, ten of them took a second."""
    return True


SQSBackend.is_message_valid_based_on_retention_period = _valid  # type: ignore[method-assign]


def aws_environment(url: str) -> dict[str, str]:
    """The standard way to tell boto3 where AWS is."""
    return {
        "AWS_ENDPOINT_URL_SQS": url,
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def sqs_server() -> Iterator[str]:
    """Run one; the value is its URL."""
    requests = logging.getLogger("werkzeug")
    requests.setLevel(logging.WARNING)  # a line per request would hide the rest
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def sqs_process() -> Iterator[str]:
    """Run one in a process of its own, for loads that should not share our own."""
    port = free_port()
    command = [sys.executable, "-m", __name__, "-H", "127.0.0.1", "-p", str(port)]
    with Process(command, ready=lambda: _listens(port), deadline=60, directory=_ROOT):
        yield f"http://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@cache
def sqs_client(url: str) -> Any:
    """For looking behind the product's back."""
    return boto3.client(
        "sqs",
        endpoint_url=url,
        region_name=_REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class Gate:
    """A way to SQS that can be shut: connections are then cut and refused, or hang without an
    answer. What is kept behind it stays."""

    def __init__(self, target_url: str) -> None:
        host, _, port = target_url.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._pairs: set[socket.socket] = set()
        self._answering = threading.Event()
        self._answering.set()
        self._shut = False
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @contextmanager
    def run(self) -> Iterator["Gate"]:
        thread = threading.Thread(target=self._accept, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._answering.set()
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._cut()
            thread.join()

    def shut(self) -> None:
        """Cut everything; whoever comes is cut too."""
        self._shut = True
        self._cut()

    def withhold(self) -> None:
        """Requests go through, their answers do not come."""
        self._answering.clear()

    def reopen(self) -> None:
        self._shut = False
        self._answering.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._shut:
                client.close()
                continue
            server = socket.create_connection(self._target)
            with self._lock:
                self._pairs |= {client, server}
            for source, sink, answers in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._copy, args=(source, sink, answers), daemon=True
                ).start()

    def _copy(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        try:
            while data := source.recv(_COPY_BYTES):
                if answers:
                    self._answering.wait(60)
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, sink):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            with self._lock:
                self._pairs -= {source, sink}

    def _cut(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for one in pairs:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    run_moto(sys.argv[1:])
