"""Running servers of each kind, for tests that speak to their ports."""

import contextlib
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.development.instances import uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from tests.databases import migrate
from tests.releases import PRESENT
from tests.servers.commands import daphne_command, serve_command
from tests.servers.environment import isolated_environment
from tests.servers.forked import forked_instance

Command = Callable[[int], Sequence[str]]


def bare_uvicorn(port: int) -> Sequence[str]:
    """As short as the contract names it."""
    return [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)]


def legacy_uvicorn(port: int) -> Sequence[str]:
    """With the implementation of WebSockets that uvicorn keeps for a while."""
    return [*bare_uvicorn(port), "--ws", "websockets"]


def serve_with_daphne(port: int) -> Sequence[str]:
    return serve_command(port, "--server", "daphne")


def bare_daphne(port: int) -> Sequence[str]:
    return [sys.executable, "-m", "daphne", "-p", str(port), "config.asgi:application"]


servers = pytest.mark.parametrize("command", [serve_command, serve_with_daphne])
all_servers = pytest.mark.parametrize(
    "command",
    [
        serve_command,
        serve_with_daphne,
        uvicorn_command,
        daphne_command,
        bare_uvicorn,
        legacy_uvicorn,
        bare_daphne,
    ],
)


@contextmanager
def served(command: Command, folder: Path, **settings: str) -> Iterator[tuple[int, Process]]:
    """A server of its own on a fresh database: its port and its process."""
    environment = _environment(folder, settings)
    migrate(environment)
    port = free_port()
    with forked_instance(port, environment=environment, command=command(port)) as process:
        yield port, process


def _environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    return isolated_environment(folder, **{"CHAT_RATE_LIMITS": "on", **settings})


def operator_session(folder: Path, settings: Mapping[str, str]) -> str:
    """Make a superuser on the database of a server with these settings; the key of a session."""
    script = (
        "from django.contrib.auth.models import User; from django.test import Client; "
        "c = Client(); c.force_login(User.objects.create_superuser('root')); "
        "print('session', c.cookies['sessionid'].value)"
    )
    said = PRESENT.manage(_environment(folder, settings), "shell", "--verbosity", "0", "-c", script)
    return said.rpartition("session ")[2].strip()


def metric(port: int, name: str) -> float:
    """The value of one series, with its labels in `name`."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def resident_bytes(process: Process) -> int:
    """How much memory a server holds (Linux, proc(5))."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * 4096


def temporary_files(process: Process) -> list[str]:
    """Deleted files that a server keeps open, which is what temporary ones are."""
    folder = Path(f"/proc/{process.pid}/fd")
    names = []
    for descriptor in folder.iterdir():
        with contextlib.suppress(OSError):
            names.append(str(descriptor.readlink()))
    return [name for name in names if name.endswith("(deleted)")]
