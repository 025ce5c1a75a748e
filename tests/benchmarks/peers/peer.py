"""A peer, and a running server of it."""

import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from config.development.ports import free_port
from config.development.processes import Process
from tests.benchmarks.peers.cores import cpu_seconds, memory_bytes, pinned, server_core
from tests.benchmarks.peers.dialects import Dialect
from tests.benchmarks.peers.installing import Source, installed

PROGRAMS = Path(__file__).parent / "programs"
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Services:
    """What a server uses beside its own process; all of it runs on the other core."""

    redis_url: str
    redis: Process
    postgres_url: str | None = None


class Server(Protocol):
    """A running server of a peer."""

    port: int
    process: Process

    def create(self, conversation: str, people: Sequence[str]) -> str:
        """Create a conversation of these people, the first of whom owns it, and return its id."""

    def cpu_seconds(self) -> float: ...

    def memory_bytes(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    name: str
    title: str
    """What the table calls it."""
    works: frozenset[str]
    """The works that it can do."""
    dialect: Dialect
    source: Source
    postgres: bool = False
    """Whether it stores in PostgreSQL."""
    most_members: int | None = None
    """The largest conversation that it can serve here; None: any."""
    run: "Callable[[Peer, Path, Services], AbstractContextManager[Server]]"
    """Run a server: the peer, its installation, and the services."""

    def installed(self, *, only_cached: bool = False) -> Path:
        """Return its installation; install it if necessary. Raises Missing."""
        return installed(self.name, self.source, only_cached=only_cached)


@dataclass(slots=True)
class Plain:
    """A small program: a conversation exists once somebody connects to it."""

    port: int
    process: Process

    def create(self, conversation: str, people: Sequence[str]) -> str:
        return conversation

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)

    def memory_bytes(self) -> int:
        return memory_bytes(self.process.pid)


@contextmanager
def plain_server(
    command: Callable[[Path, int], Sequence[str | Path]],
    peer: Peer,
    folder: Path,
    services: Services,
) -> Iterator[Plain]:
    """Run a small program. `command` gets the installation and the port. Raises NotReady."""
    port = free_port()
    with server_process(
        command(folder, port),
        port,
        environment={
            "REDIS_URL": services.redis_url,
            "POSTGRES_URL": services.postgres_url or "",
            "NODE_PATH": str(folder / "node_modules"),
            "NODE_ENV": "production",
            "PYTHONPATH": str(PROGRAMS),
        },
    ) as process:
        yield Plain(port, process)


@contextmanager
def server_process(
    command: Sequence[str | Path], port: int, *, environment: Mapping[str, str]
) -> Iterator[Process]:
    """Run a server on its core, in an empty folder, until the context is left. Raises NotReady."""
    with ExitStack() as open_:
        folder = open_.enter_context(tempfile.TemporaryDirectory(prefix="chat-peer-"))
        yield open_.enter_context(
            Process(
                pinned(server_core(), command),
                ready=partial(_answers, port),
                environment=environment,
                deadline=_START_SECONDS,
                directory=Path(folder),
            )
        )


def _answers(port: int) -> bool:
    """Return whether it accepts connections."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
