"""Thousands of sockets on two processes: whether their memory stays flat while clients come and go,
and what they cost while nothing happens.

`python -m tests.chaos.many_sockets --sockets 10000 --minutes 10 --churn 50`, on a quiet machine.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from config.development.ports import free_port
from config.development.processes import Process
from config.development.redis import run_redis
from tests.benchmarks.children import Child, children
from tests.benchmarks.peers.cores import cpu_seconds
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import migrate
from tests.servers.commands import serve_command
from tests.servers.environment import isolated_environment
from tests.servers.postgres import postgres_server

PROCESSES = 2
CLIENTS = 2
MAX_DRIFT = 0.02
MAX_IDLE = 0.05
"""Of a core, all processes together."""
_SETTLES = 120.0
"""Seconds after which the memory has to be flat."""
_GROUP = 10
_WINDOW = 20.0
"""Seconds whose samples count as one."""
_IDLE_SECONDS = 60.0
_MEBIBYTE = 2**20


@dataclass(slots=True, kw_only=True)
class Figures:
    sockets: int
    comings: int = 0
    refused: int = 0
    """How many connects failed, and were repeated."""
    lost: int = 0
    """How many sockets the server closed."""
    missing: int = 0
    """How many sockets are not open at the end."""
    resident: list[Sequence[float]] = field(default_factory=list)
    """Of each process, MiB: before the sockets, once memory has to be flat, at the end."""
    idle: float = 0.0
    """The share of a core that all processes use together while nothing happens."""
    busy: float = 0.0
    """The same while clients come and go."""

    @property
    def drift(self) -> float:
        """The largest growth of a process from the second figure to the third."""
        return max(end / settled - 1 for _, settled, end in self.resident)

    def __str__(self) -> str:
        sizes = "; ".join(
            " → ".join(f"{value:.1f}" for value in values) for values in self.resident
        )
        return (
            f"{self.sockets:,} sockets, {self.comings:,} connects, {self.refused} refused, "
            f"{self.lost} closed by the server, {self.missing} missing; resident memory (MiB) "
            f"{sizes}: drift {self.drift:.2%}; CPU {self.busy:.1%} of a core with churn, "
            f"{self.idle:.1%} idle"
        )


def measure(
    folder: Path,
    *,
    sockets: int,
    seconds: float,
    churn: float,
    settles: float = _SETTLES,
    idle_seconds: float = _IDLE_SECONDS,
    postgres: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Figures:
    """Connect so many people, let so many a second leave and come again, then leave them alone.
    Raises PostgresMissing, RedisMissing, NotReady."""
    figures = Figures(sockets=sockets)
    people = [f"person-{number}" for number in range(sockets)]
    with ExitStack() as exit_:
        port = free_port()
        parent = exit_.enter_context(_served(folder, port, postgres=postgres))
        asyncio.run(_found(port, people))
        servers = _processes_of(parent.pid)
        assert len(servers) == PROCESSES, servers
        before = [_resident(pid) for pid in servers]
        clients = exit_.enter_context(children(CLIENTS, module="tests.chaos.idle_crowd"))
        shares = [people[number::CLIENTS] for number in range(CLIENTS)]
        began = time.monotonic()
        for client, share in zip(clients, shares, strict=True):
            client.ask("connect", port=port, tokens=[token_of(one) for one in share])
        _answers(clients)
        say(f"{sockets:,} sockets after {time.monotonic() - began:.0f} s")

        used, began = _cpu(servers), time.monotonic()
        for client in clients:
            client.ask("stay", port=port, seconds=seconds, churn=churn / CLIENTS)
        samples = _watch(servers, seconds, say)
        figures.busy = (_cpu(servers) - used) / (time.monotonic() - began)
        _answers(clients)

        for client in clients:
            client.ask("stay", port=port, seconds=idle_seconds, churn=0)
        used, began = _cpu(servers), time.monotonic()
        time.sleep(idle_seconds)
        figures.idle = (_cpu(servers) - used) / (time.monotonic() - began)
        answers = _answers(clients)
        assert _processes_of(parent.pid) == servers, "A process has died."
    figures.comings = sum(one["comings"] for one in answers)
    figures.refused = sum(one["refused"] for one in answers)
    figures.lost = sum(one["closed by the server"] for one in answers)
    figures.missing = sockets - sum(one["sockets"] for one in answers)
    settled = _at(samples, min(settles, seconds / 2))
    figures.resident = list(zip(before, settled, _at(samples, seconds - _WINDOW), strict=True))
    return figures


@contextmanager
def _served(folder: Path, port: int, *, postgres: bool) -> Iterator[Process]:
    """Run the parent of the processes, with all that they need."""
    with ExitStack() as exit_:
        redis = free_port()
        exit_.enter_context(run_redis(redis))
        settings = {
            "REDIS_URL": f"redis://127.0.0.1:{redis}/0",
            "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
            "LOG_FORMAT": "json",
        }
        if postgres:
            settings["DATABASE_URL"] = exit_.enter_context(postgres_server())
        environment = isolated_environment(folder, **settings)
        migrate(environment)
        command = serve_command(port, "--processes", str(PROCESSES))
        process = Process(
            command,
            ready=lambda: "group.ready" in process.output(),
            deadline=60,
            environment=environment,
        )
        yield exit_.enter_context(process)


async def _found(port: int, people: Sequence[str]) -> None:
    """Found a group for each ten people, so that each `hello` names one."""
    async with http_client(f"http://127.0.0.1:{port}") as http:

        async def found(first: int) -> None:
            owner, *others = people[first : first + _GROUP]
            await Rest(http, owner).create_group(*others, title="Idle")

        for first in range(0, len(people), 8 * _GROUP):
            last = min(first + 8 * _GROUP, len(people))
            await asyncio.gather(*map(found, range(first, last, _GROUP)))


def _watch(
    servers: Sequence[int], seconds: float, say: Callable[[str], None]
) -> list[tuple[float, Sequence[float]]]:
    """Return the memory of each process each second, with the time since the beginning."""
    began = said = time.monotonic()
    samples: list[tuple[float, Sequence[float]]] = []
    while (at := time.monotonic() - began) < seconds:
        samples.append((at, [_resident(pid) for pid in servers]))
        if time.monotonic() - said >= 30:
            said = time.monotonic()
            say(f"{at:4.0f} s: " + ", ".join(f"{one:.1f} MiB" for one in samples[-1][1]))
        time.sleep(1)
    return samples


def _at(samples: Sequence[tuple[float, Sequence[float]]], begin: float) -> Sequence[float]:
    """Return the median of each process in the window that begins then."""
    within = [values for at, values in samples if begin <= at < begin + _WINDOW] or [samples[-1][1]]
    return [median(values) for values in zip(*within, strict=True)]


def _answers(clients: Sequence[Child]) -> list[dict[str, int]]:
    return [client.answer() for client in clients]


def _processes_of(parent: int) -> list[int]:
    """Return the instances of `manage.py serve --processes` (Linux, proc(5))."""
    started = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    python = Path(f"/proc/{parent}/exe").readlink()
    return [int(pid) for pid in started if Path(f"/proc/{pid}/exe").readlink() == python]


def _resident(pid: int) -> float:
    """Return MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MEBIBYTE


def _cpu(servers: Sequence[int]) -> float:
    """Return the seconds of CPU time that these processes have used together."""
    return sum(map(cpu_seconds, servers))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.many_sockets", description=__doc__)
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--churn", type=float, default=50, help="clients a second")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chat-sockets-") as folder:
        figures = measure(
            Path(folder),
            sockets=arguments.sockets,
            seconds=60 * arguments.minutes,
            churn=arguments.churn,
            say=lambda line: print(line, flush=True),
        )
    print(figures)
    held = not figures.lost and not figures.missing
    return 0 if held and figures.drift <= MAX_DRIFT and figures.idle <= MAX_IDLE else 1


if __name__ == "__main__":
    sys.exit(main())
