"""Fan-out: one conversation with a thousand sockets on one instance, beside stock Channels."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from config.development.instances import instance, uvicorn_command
from config.development.ports import free_port
from config.development.processes import Process
from tests.benchmarks.children import Child, children, together
from tests.benchmarks.sockets import MARK
from tests.clients.rest import Rest, http_client, token_of
from tests.databases import migrate
from tests.servers.environment import isolated_environment

SOCKETS = 1_000
SOCKETS_PER_USER = 20
WINDOW = 8
ROUNDS = 3
SECONDS = 4.0
TEXT = f"{MARK} What was said, about as long as what people say to each other: a line or two."


@dataclass(frozen=True, slots=True)
class Measured:
    rate: float
    """Deliveries a second."""
    cpu: float
    """Seconds of CPU that the server took for a second."""

    @property
    def per_core(self) -> float:
        return self.rate / self.cpu


class Fan:
    """A server, a thousand sockets in two processes, and one who sends as fast as it comes back."""

    def __init__(self, server: Process, clients: Sequence[Child], port: int) -> None:
        self._server = server
        self._clients = clients
        self.port = port
        self._sockets = 0

    def connect(self, path: str, tokens: Sequence[str], *, greeted: bool) -> None:
        half = len(tokens) // 2
        for client, some in zip(self._clients, (tokens[:half], tokens[half:]), strict=True):
            client.ask("connect", port=self.port, path=path, tokens=some, greeted=greeted)
        for client in self._clients:
            client.answer()
        self._sockets = len(tokens)

    def begin(self, path: str, token: str, command: str, *, greeted: bool, marks: int) -> None:
        together(
            self._clients[:1],
            "begin",
            port=self.port,
            path=path,
            token=token,
            greeted=greeted,
            command=command,
            window=WINDOW,
            marks=marks,
        )

    def measure(self, seconds: float) -> Measured:
        before = cpu_seconds(self._server.pid)
        answers = together(self._clients, "count", seconds=seconds)
        cpu = cpu_seconds(self._server.pid) - before
        return Measured(rate=sum(answer["rate"] for answer in answers), cpu=cpu / seconds)

    def assert_all_arrived(self) -> None:
        """Each message once, on every socket."""
        (ended,) = together(self._clients[:1], "end")
        answers = together(self._clients, "total", expected=ended["sent"])
        marks = [number for answer in answers for number in answer["marks"]]
        assert marks == [ended["sent"]] * self._sockets


@contextmanager
def product(folder: Path) -> Iterator[Fan]:
    """This very product, on SQLite."""
    environment = isolated_environment(folder)
    migrate(environment)
    port = free_port()
    with (
        instance(port, environment=environment, command=uvicorn_command(port)) as server,
        children(2, module="tests.benchmarks.sockets") as clients,
    ):
        yield Fan(server, clients, port)


async def begin_product(fan: Fan, sockets: int) -> None:
    people = [f"user-{number}" for number in range(max(sockets // SOCKETS_PER_USER, 1))]
    async with http_client(f"http://127.0.0.1:{fan.port}") as http:
        group = (await Rest(http, "sender").create_group(*people, title="Tea"))["id"]
    tokens = [token_of(people[number % len(people)]) for number in range(sockets)]
    fan.connect("/ws/v1", tokens, greeted=True)
    command = {
        "id": "NUMBER",
        "type": "message.send",
        "conversation_id": group,
        "client_id": "NUMBER",
        "text": TEXT,
    }
    # The sender gets its message with the reply as well.
    fan.begin("/ws/v1", token_of("sender"), json.dumps(command), greeted=True, marks=2)


@contextmanager
def stock(sockets: int) -> Iterator[Fan]:
    """Stock Channels: a consumer with a channel for each socket, and a group of them."""
    port = free_port()
    command = uvicorn_command(port, application="tests.benchmarks.stock:application")
    with (
        instance(port, environment={}, command=command) as server,
        children(2, module="tests.benchmarks.sockets") as clients,
    ):
        fan = Fan(server, clients, port)
        fan.connect("/", ["none"] * sockets, greeted=False)
        # As long as an event of the product.
        message = {"id": "NUMBER", "text": TEXT, "more": "x" * 380}
        fan.begin("/", "none", json.dumps(message), greeted=False, marks=1)
        yield fan


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def line(name: str, rounds: Sequence[Measured]) -> str:
    rates = [measured.rate for measured in rounds]
    per_core = median(measured.per_core for measured in rounds)
    return (
        f"  {name:<32}{median(rates):>9,.0f}/s  ({min(rates):,.0f}–{max(rates):,.0f}), "
        f"{per_core:,.0f} per second of CPU"
    )


async def compared(
    folder: Path, *, sockets: int, rounds: int, seconds: float
) -> tuple[list[Measured], list[Measured]]:
    """The product and stock Channels, in turn, each with its own sockets."""
    ours, theirs = [], []
    for number in range(rounds):
        (folder / str(number)).mkdir()
        with product(folder / str(number)) as fan:
            await begin_product(fan, sockets)
            fan.measure(seconds / 4)
            ours.append(fan.measure(seconds))
            fan.assert_all_arrived()
        with stock(sockets) as fan:
            fan.measure(seconds / 4)
            theirs.append(fan.measure(seconds))
            fan.assert_all_arrived()
    return ours, theirs


@pytest.mark.benchmark
async def test_fan_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A core delivers at least five times as many events as stock Channels on the same server."""
    ours, theirs = await compared(tmp_path, sockets=SOCKETS, rounds=ROUNDS, seconds=SECONDS)

    ratio = median(o.per_core / t.per_core for o, t in zip(ours, theirs, strict=True))
    with capsys.disabled():
        print(f"\nfan-out to {SOCKETS:,} sockets of one uvicorn; median of {ROUNDS} rounds:")
        print(line("events of the product", ours))
        print(line("stock Channels", theirs))
        print(f"  {ratio:.1f} × stock Channels per second of CPU (at least 5)")
    assert ratio >= 5


async def test_fan_out_in_short(tmp_path: Path) -> None:
    """The same in little: every message arrives once on every socket, of either."""
    ours, theirs = await compared(tmp_path, sockets=20, rounds=1, seconds=0.5)

    assert all(measured.rate > 0 for measured in (*ours, *theirs))
