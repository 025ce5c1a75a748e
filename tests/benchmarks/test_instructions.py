"""What the hottest operations execute, counted and not timed: the same on every machine.

The counts are bytecode instructions and calls of C functions on the event loop of a real server.
The work of the database's threads is not among them.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, repeat
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.development.instances import instance
from config.development.ports import free_port
from config.development.processes import Process
from tests.clients.rest import token_of
from tests.databases import migrate
from tests.integration.config.servers.raw_peer import TEXT, Peer, frame
from tests.servers.environment import isolated_environment

_ROOT = Path(__file__).resolve().parents[2]
_ROUNDS = 5
_TIMES = 20
_RECEIVERS = 20
_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one operation."""

    instructions: float
    calls: float


MOST = {
    "ping": Cost(1_100, 31),
    "receipt.read": Cost(7_600, 286),
    "message.send": Cost(13_700, 447),
    "delivery": Cost(145, 4),
    "send by REST": Cost(21_500, 900),
    "connect": Cost(18_900, 785),
    "connect again": Cost(14_200, 613),
}
"""A tenth above the counts on Python 3.11. A change that costs more raises its bound and says why.
A change that costs less lowers it."""


class Counted:
    """A server, and what it executes between two signals."""

    def __init__(self, port: int, process: Process, counts: Path) -> None:
        self.port = port
        self._process = process
        self._counts = counts

    def during(self, act: Callable[[], None], times: int) -> Cost:
        """Return the cost of each of `times` operations, the least of several rounds: the server
        also works for itself now and then."""
        rounds = [self._round(act) for _ in range(_ROUNDS)]
        return Cost(
            instructions=min(one["instructions"] for one in rounds) / times,
            calls=min(one["calls"] for one in rounds) / times,
        )

    def _round(self, act: Callable[[], None]) -> Any:
        lines = self._lines()
        os.kill(self._server(), signal.SIGUSR1)
        act()
        os.kill(self._server(), signal.SIGUSR2)
        end = time.monotonic() + _SECONDS
        while len(found := self._lines()) == len(lines):
            assert time.monotonic() < end, "The server did not answer the signal."
            time.sleep(0.01)
        return json.loads(found[-1])

    def _server(self) -> int:
        return self._process.pid

    def _lines(self) -> Sequence[str]:
        return self._counts.read_text().splitlines()


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    folder = tmp_path_factory.mktemp("counted")
    counts = folder / "counts"
    counts.touch()
    environment = isolated_environment(
        folder, COUNTS_FILE=str(counts), LOG_FORMAT="json", PYTHONPATH=str(_ROOT)
    )
    migrate(environment)
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.counted_serve", "--port", str(port)]
    with instance(port, environment=environment, command=command) as process:
        yield Counted(port, process, counts)


@pytest.fixture
def peers(counted: Counted) -> Iterator[Callable[..., Sequence[Peer]]]:
    """Opens sockets of these people, each after its `hello`."""
    with ExitStack() as opened:

        def open_all(*people: str) -> Sequence[Peer]:
            found = []
            for person in people:
                peer = opened.enter_context(Peer(counted.port))
                peer.open(token_of(person))
                assert peer.next_frame()[0] == TEXT
                found.append(peer)
            return found

        yield open_all


def create(port: int, name: str, people: Sequence[str]) -> str:
    owner, *others = people
    answer = httpx.post(
        f"http://127.0.0.1:{port}/api/v1/conversations",
        json={"kind": "group", "title": name, "participant_ids": others, "client_id": name},
        headers={"Authorization": f"Bearer {token_of(owner)}"},
        trust_env=False,
        timeout=_SECONDS,
    )
    return str(answer.raise_for_status().json()["id"])


def send(peer: Peer, command: dict[str, Any]) -> None:
    peer.send(frame(TEXT, json.dumps(command).encode()))


def read(peer: Peer, *kinds: str) -> None:
    """Read a frame of each of these types, in any order. Others, such as heartbeats, may come
    between."""
    missing = set(kinds)
    while missing:
        opcode, payload = peer.next_frame()
        if opcode == TEXT:
            missing.discard(json.loads(payload)["type"])


class Sends:
    """One person sends to a conversation, each message once the one before is everywhere."""

    def __init__(self, room: str, sender: Peer, receivers: Sequence[Peer]) -> None:
        self._room = room
        self._sender = sender
        self._receivers = receivers
        self.count = 0

    def __call__(self) -> None:
        for _ in range(_TIMES):
            self.count += 1
            fields = {"conversation_id": self._room, "client_id": str(self.count), "text": "Tea?"}
            send(self._sender, {"id": self.count, "type": "message.send", **fields})
            read(self._sender, "reply", "message.created")
            for receiver in self._receivers:
                read(receiver, "message.created")


class RestSends:
    """One person sends by REST over one connection, to a conversation of their own."""

    def __init__(self, client: httpx.Client, room: str) -> None:
        self._client = client
        self._path = f"/api/v1/conversations/{room}/messages"
        self._count = 0

    def __call__(self) -> None:
        for _ in range(_TIMES):
            self._count += 1
            body = {"client_id": str(self._count), "text": "Tea?"}
            assert self._client.post(self._path, json=body).status_code == 201


class Connects:
    """People connect one after the other, each until `hello`."""

    def __init__(self, port: int, people: Iterator[str]) -> None:
        self._port = port
        self._people = people

    def __call__(self) -> None:
        for _ in range(_TIMES):
            with Peer(self._port) as peer:
                peer.open(token_of(next(self._people)))
                assert peer.next_frame()[0] == TEXT


def require(name: str, cost: Cost) -> None:
    most = MOST[name]
    print(f"{name}: {cost.instructions:.0f} instructions, {cost.calls:.0f} calls")
    assert cost.instructions <= most.instructions
    assert cost.calls <= most.calls


def test_ping(counted: Counted, peers: Callable[..., Sequence[Peer]]) -> None:
    (peer,) = peers("ann")

    def ping() -> None:
        for number in range(_TIMES):
            send(peer, {"id": number, "type": "ping"})
            read(peer, "reply")

    ping()
    require("ping", counted.during(ping, _TIMES))


def test_read_receipts(counted: Counted, peers: Callable[..., Sequence[Peer]]) -> None:
    """Each moves the position forward, in a conversation of one person."""
    room = create(counted.port, "read", ["dan"])
    (dan,) = peers("dan")
    sends = Sends(room, dan, [])
    for _ in range(_ROUNDS + 1):
        sends()
    numbers = iter(range(1, sends.count + 1))

    def mark_read() -> None:
        for _ in range(_TIMES):
            seq = next(numbers)
            send(dan, {"id": seq, "type": "receipt.read", "conversation_id": room, "seq": seq})
            read(dan, "reply", "receipt.updated")

    mark_read()
    require("receipt.read", counted.during(mark_read, _TIMES))


def test_sends_by_rest(counted: Counted) -> None:
    room = create(counted.port, "rest", ["eve"])
    with httpx.Client(
        base_url=f"http://127.0.0.1:{counted.port}",
        headers={"Authorization": f"Bearer {token_of('eve')}"},
        trust_env=False,
        timeout=_SECONDS,
    ) as client:
        sends = RestSends(client, room)
        sends()
        require("send by REST", counted.during(sends, _TIMES))


def test_connects(counted: Counted) -> None:
    """Of people who were not here before, and of one who left a moment ago."""
    cold = Connects(counted.port, (f"cold-{number}" for number in count()))
    cold()
    require("connect", counted.during(cold, _TIMES))
    warm = Connects(counted.port, repeat("warm"))
    warm()
    require("connect again", counted.during(warm, _TIMES))


def test_sends_and_deliveries(counted: Counted, peers: Callable[..., Sequence[Peer]]) -> None:
    """A delivery is what a message costs more for each further socket."""
    people = [f"person-{number}" for number in range(_RECEIVERS)]
    alone = create(counted.port, "alone", ["bob"])
    shared = create(counted.port, "shared", ["cid", *people])
    (bob,) = peers("bob")
    to_oneself = Sends(alone, bob, [])
    to_oneself()
    own = counted.during(to_oneself, _TIMES)

    # Not earlier: eight seconds after a message, the server looks for those who did not
    # acknowledge it.
    cid, *receivers = peers("cid", *people)
    to_many = Sends(shared, cid, receivers)
    to_many()
    many = counted.during(to_many, _TIMES)

    require("message.send", own)
    delivery = Cost(
        instructions=(many.instructions - own.instructions) / _RECEIVERS,
        calls=(many.calls - own.calls) / _RECEIVERS,
    )
    require("delivery", delivery)
