"""A group of processes that `manage.py serve --processes` runs, as its log and ports show it."""

import json
import socket
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from config.development.ports import free_port
from config.development.processes import Process
from tests.databases import migrate
from tests.servers.commands import serve_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

Line = dict[str, Any]
NAME = "group"
_PATIENCE = 120.0


class RunningGroup:
    def __init__(self, process: Process, port: int, metrics_port: int) -> None:
        self.process = process
        self.port = port
        self.metrics_port = metrics_port

    def lines(self, action: str, **fields: object) -> Sequence[Line]:
        """The lines of the log with this action and these fields."""
        found = []
        for text in self.process.output().splitlines():
            with suppress(ValueError):
                line: Line = json.loads(text)
                if line.get("action") == action and fields.items() <= line.items():
                    found.append(line)
        return found

    def wait_for(self, action: str, count: int = 1, **fields: object) -> Sequence[Line]:
        end = time.monotonic() + _PATIENCE
        while len(found := self.lines(action, **fields)) < count:
            assert time.monotonic() < end, f"{action} {fields}: {self.process.output()[-3000:]}"
            time.sleep(0.05)
        return found

    def pid(self, number: int) -> int:
        """The process that was started last at this place."""
        return int(self.lines("process.started", process=f"{NAME}-{number}")[-1]["pid"])

    def ready(self, number: int) -> Mapping[str, Any] | None:
        """What an instance says at its own port; None if it is not there."""
        try:
            return _get(self.metrics_port + number - 1, "/health/ready")
        except OSError:
            return None


def _get(port: int, path: str) -> Mapping[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        found: Mapping[str, Any] = json.loads(answer.read())
        return found


@contextmanager
def run_group(folder: Path, redis_url: str, *, processes: int = 2) -> Iterator[RunningGroup]:
    """Run a group on a fresh database, until all of its processes are ready."""
    environment = isolated_environment(
        folder, REDIS_URL=redis_url, INSTANCE_ID=NAME, LOG_FORMAT="json"
    )
    migrate(environment)
    port = free_port()
    with _reserved_ports(processes) as metrics_port:
        options = ("--processes", str(processes), "--metrics-port", str(metrics_port))
        command = serve_command(port, *options)
        with forked_instance(port, environment=environment, command=command) as process:
            group = RunningGroup(process, port, metrics_port)
            group.wait_for("group.ready")
            yield group


@contextmanager
def _reserved_ports(count: int) -> Iterator[int]:
    """The first of some ports in a row, which are reserved as those of `free_port` are."""
    while True:
        first = free_port()
        with ExitStack() as stack, suppress(OSError, OverflowError):
            for port in range(first + 1, first + count):
                probe = stack.enter_context(socket.socket())
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            reserved = stack.pop_all()
            break
    with reserved:
        yield first
