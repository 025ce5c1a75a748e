"""A server that is out of file descriptors: it refuses clearly, answers probes, and recovers."""

import contextlib
import http.client
import json
import resource
import socket
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.development.processes import Process
from tests.integration.config.servers.raw_peer import Peer, upgrade
from tests.integration.config.servers.served import Command, served, servers
from tests.integration.config.servers.test_connection_bounds import is_live

_LIMIT = 64
_MANY = 200
_SECONDS = 30.0
_LOOKS = 20


@contextmanager
def silent(port: int, count: int) -> Iterator[list[socket.socket]]:
    """So many connections on which nothing is sent."""
    with contextlib.ExitStack() as opened:
        connections = []
        for _ in range(count):
            connections.append(opened.enter_context(socket.socket()))
            connections[-1].settimeout(_SECONDS)
            connections[-1].connect(("127.0.0.1", port))
        yield connections


def answer(port: int, path: str) -> tuple[int, str]:
    """Status and code of one request on a connection of its own."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=_SECONDS) as good:
            return good.status, ""
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)["code"]


def eventually_answer(port: int, path: str) -> tuple[int, str]:
    """Ask until there is an answer. A server accepts many connections in one step, and may end one
    that comes in the same step as others beyond its limit."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return answer(port, path)
    pytest.fail("It answers nobody any more.")


def eventually_served(port: int) -> None:
    end, seen = time.monotonic() + _SECONDS, (0, "")
    while seen != (401, "not_authenticated"):
        assert time.monotonic() < end, f"The last answer was {seen}."
        seen = eventually_answer(port, "/api/v1/me")


def eventually_refuses_sockets(port: int) -> None:
    """No WebSocket takes the place of a probe, whatever its path."""
    end, seen = time.monotonic() + _SECONDS, 0
    while seen != 503:
        assert time.monotonic() < end, f"The last answer was {seen}."
        with silent(port, _MANY), contextlib.suppress(OSError, EOFError), Peer(port) as peer:
            peer.send(upgrade("/health/live"))
            seen = int(peer.head()[9:12])


def eventually_sleeps(process: Process) -> None:
    """Wait until the server's main thread sleeps most of the times that it is looked at. A loop
    that tries again at once is running, or waits for a processor, whenever it is looked at: on any
    machine. One that rests is awake for a moment now and then."""
    end = time.monotonic() + _SECONDS
    looks: deque[bool] = deque(maxlen=_LOOKS)
    while sum(looks) < 0.75 * _LOOKS:
        assert time.monotonic() < end, f"It never rests: asleep {sum(looks)} of {len(looks)} times."
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        looks.append(state == "S")
        time.sleep(0.01)


def log_lines(process: Process, word: str) -> Sequence[str]:
    return [line for line in process.output().splitlines() if word in line]


def limited(command: Command) -> Command:
    """The same server with few descriptors."""

    def with_few(port: int) -> Sequence[str]:
        return ["sh", "-c", f'ulimit -n {_LIMIT} && exec "$@"', "sh", *command(port)]

    return with_few


@servers
def test_connections_beyond_the_descriptors_are_refused(command: Command, tmp_path: Path) -> None:
    """While somebody holds as many silent connections as there can be, probes are answered, others
    learn why they are not, and one line is logged; afterwards all are served."""
    with served(limited(command), tmp_path) as (port, process):
        eventually_served(port)
        begun = time.monotonic()
        for path, expected in (
            ("/api/v1/me", (503, "overloaded")),
            ("/health/live", (200, "")),
            ("/health/ready", (200, "")),
        ):
            seen = (0, "")
            while seen != expected:  # a silent connection ends after ten seconds
                assert time.monotonic() - begun < 3 * _SECONDS, f"{path} answers {seen}."
                with silent(port, _MANY):
                    seen = eventually_answer(port, path)
        with silent(port, _MANY):
            eventually_sleeps(process)
        eventually_refuses_sockets(port)
        lines = log_lines(process, "server.too_many_connections")
        assert 1 <= len(lines) <= 1 + (time.monotonic() - begun) / 10
        eventually_served(port)
        assert is_live(port)


@servers
def test_a_process_without_a_descriptor_does_not_spin(command: Command, tmp_path: Path) -> None:
    """Others than clients may take them too: files, a library. What cannot be accepted is not tried
    for ever, and once there are some again, everybody is served. On uvicorn, libuv needs its spare
    descriptor for this. Without it, uvicorn tries again at once until a descriptor is free."""
    with served(command, tmp_path) as (port, process):
        eventually_served(port)
        before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        taken = {int(entry.name) for entry in Path(f"/proc/{process.pid}/fd").iterdir()}
        most = next(number for number in range(1, len(taken) + 1) if number not in taken)
        if "daphne" in " ".join(command(0)):
            most = 3  # nothing can be opened, also where something has just been closed
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (most, before[1]))
        with contextlib.suppress(OSError), silent(port, 20):
            eventually_sleeps(process)
        lines = len(process.output().splitlines())
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)

        eventually_served(port)
        assert is_live(port)
        assert lines < 60
