"""The comparison in little: it runs, its results add up, and what is missing is named."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websockets_serve

from tests.benchmarks.peers import plot, report
from tests.benchmarks.peers.bench import Figure
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.peers.dialects import Plain
from tests.benchmarks.peers.faults.scenarios import disordered
from tests.benchmarks.peers.generator import Line, Outcome, Work, generator
from tests.benchmarks.peers.installing import Missing, Nothing, installed
from tests.benchmarks.peers.peer import PROGRAMS, Peer, plain_server
from tests.benchmarks.peers.rounds import FAULTS, Plan, Results, measure
from tests.conftest import skip_or_fail

_WORKS = ("connects", "idle", FAULTS)
_PEERS = {peer.name: peer for peer in PEERS}
_CONDITIONS = {
    "processor": "P",
    "cores": 2,
    "memory_gb": 1.0,
    "system": "S",
    "python": "3",
    "date": "today",
    "commit": "c",
    "load_average": 0.0,
}


def _in_short(*peers: Peer, works: tuple[str, ...]) -> tuple[Plan, Results]:
    plan = Plan(peers=peers, works=works, rounds=1, seconds=0.05, scale=0.01, only_cached=True)
    try:
        return plan, measure(plan, print)
    except Missing as missing:
        skip_or_fail(str(missing))
        raise


def test_works_measure_the_product() -> None:
    """Each row has a positive figure, and no message was lost, doubled or out of order."""
    plan, results = _in_short(_PEERS["product"], works=("fan-out",))

    assert not results.failures
    assert {work for work, _, _ in results.figures} == set(plan.works)
    figures = [figure for found in results.figures.values() for figure in found]
    assert [figure.row for figure in figures if figure.fault] == []
    assert [figure.row for figure in figures if figure.value < 0] == []
    assert all(figure.value > 0 for figure in figures if figure.unit.endswith("/s"))


def _own_uvloop() -> Peer:
    """Bare uvloop, from the packages of the product."""
    program: Sequence[str | Path] = [sys.executable, PROGRAMS / "bare_uvloop.py"]
    run = partial(plain_server, lambda _, port: [*program, str(port)])
    return replace(_PEERS["uvloop"], works=frozenset(_WORKS), source=Nothing(), run=run)


def test_a_peer_does_the_same_works() -> None:
    _, results = _in_short(_own_uvloop(), works=("connects", "idle"))

    assert not results.failures
    assert {work for work, _, _ in results.figures} == {"connects", "idle"}
    figures = [figure for found in results.figures.values() for figure in found]
    assert [figure.row for figure in figures if figure.fault or figure.value < 0] == []


def test_the_installed_peers_answer_commands() -> None:
    """`make bench` installs peers; the tests install none."""
    for peer in PEERS:
        if peer.source == Nothing() or not _is_installed(peer):
            continue
        _, results = _in_short(peer, works=("commands",))

        assert not results.failures
        assert all(figure.value > 0 for found in results.figures.values() for figure in found)


def _is_installed(peer: Peer) -> bool:
    try:
        peer.installed(only_cached=True)
    except Missing:
        return False
    return True


def test_the_fault_table_counts_what_a_server_without_a_history_loses() -> None:
    """Bare uvloop stores nothing: who is away misses everything, and each watcher counts."""
    _, results = _in_short(_own_uvloop(), works=("faults",))

    assert not results.failures
    away = results.faults[-1]
    assert [row.fault for row in results.faults[:2]] == ["server killed", "Redis killed"]
    assert (away.fault, away.lost) == ("away for 100 messages", away.deliveries)
    assert [row.doubled for row in results.faults] == [0, 0, 0]


@pytest.mark.benchmark
def test_the_product_loses_nothing_while_something_breaks() -> None:
    """The fault table in little: the server and Redis are killed, and the clients are away."""
    _, results = _in_short(_PEERS["product"], works=("faults",))

    assert not results.failures
    faults = [(row.fault, row.lost, row.doubled, row.disordered) for row in results.faults]
    assert faults == [
        ("server killed", 0, 0, 0),
        ("Redis killed", 0, 0, 0),
        ("away for 100 messages", 0, 0, 0),
    ]


def test_the_fault_table_counts_messages_that_came_late() -> None:
    assert disordered([1, 2, 3]) == 0
    assert disordered([1, 3, 2, 4]) == 1
    assert disordered([1, 2, 2, 1]) == 0  # doubled, not late
    assert disordered([5, 1, 2]) == 2


@pytest.mark.parametrize(
    ("fault", "out_of_order", "missing"),
    [("none", 0, 0), ("double", 1, 0), ("swap", 2, 0), ("drop", 0, 1)],
)
async def test_the_generator_sees_each_fault_of_a_server(
    fault: str, out_of_order: int, missing: int
) -> None:
    """One of two sockets gets the second batch of events with a fault."""
    sockets: list[ServerConnection] = []

    async def serve(socket: ServerConnection) -> None:
        sockets.append(socket)
        await socket.send('{"type":"hello"}')
        async for text in socket:
            first = int(json.loads(text)["first"])
            right = [f"~m{number:08}~" for number in range(first, first + 4)]
            wrong = {
                "none": right,
                "double": [right[0], *right],
                "swap": [right[0], right[2], right[1], right[3]],
                "drop": right[:3],
            }[fault]
            for receiver, frames in zip(sockets[:2], (right, wrong), strict=True):
                for frame in frames:
                    await receiver.send(frame)

    def load(port: int) -> Outcome:
        lines = [Line(role=role, conversation="c", user="u") for role in ("r", "r", "s")]
        with generator() as generated:
            generated.speak(Plain())
            generated.connect(port, Plain(), lines, at_once=1)
            command = Plain().fan(4)
            work = Work(command=command, seconds=0, delivered=True, batch=4, patience=0.5)
            return generated.run(work)

    async with websockets_serve(serve, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        outcome = await asyncio.to_thread(load, port)

    assert (outcome.sent, outcome.missing) == (1, missing)
    assert outcome.out_of_order == out_of_order


@pytest.mark.parametrize(
    ("head", "body", "refused"),
    [
        ("200 OK\r\nContent-Length: 2", "{}", False),
        ("201 Created\r\nTransfer-Encoding: chunked", "2\r\n{}\r\n0\r\n\r\n", False),
        ("503 Service Unavailable\r\ncontent-length: 2", "{}", True),
    ],
)
async def test_the_generator_reads_whole_answers_over_http(
    head: str, body: str, refused: bool
) -> None:
    """Each answer counts once, also if its head comes before its body."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(EOFError, ConnectionError):
            while request := await reader.readuntil(b"\r\n\r\n"):
                length = request.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                await reader.readexactly(int(length))
                writer.write(f"HTTP/1.1 {head}\r\n\r\n".encode())
                await writer.drain()
                writer.write(body.encode())
        writer.close()

    def load(port: int) -> Outcome:
        with generator() as generated:
            generated.speak(Plain())
            generated.connect(port, Plain(), [Line(role="h", conversation="c", user="u")])
            return generated.run(Work(command=Plain().post() or "", seconds=0.05, patience=1))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await asyncio.to_thread(load, port)

    assert outcome.sent == outcome.completed > 0
    assert outcome.refused == (outcome.sent if refused else 0)


def test_a_peer_that_cannot_be_installed_is_named_with_the_reason() -> None:
    class Nowhere:
        def install(self, folder: Path) -> None:
            raise Missing("There is no such registry.")

        def versions(self, folder: Path) -> str:
            return ""

    with pytest.raises(Missing, match="no such registry"):
        installed("nowhere", Nowhere())


def test_the_page_and_the_plot_show_medians_ranges_and_what_was_left_out() -> None:
    results = Results(rounds=3, missing={"Nobody's server": "There is no such package."})
    for value in (300.0, 100.0, 200.0):
        figure = Figure(row="10 sockets", unit="deliveries/s", value=value, load_cpu=0.95)
        results.add("fan-out", report.PRODUCT, figure)
        slower = Figure(row="10 sockets", unit="deliveries/s", value=value / 4, fault="1 missing")
        results.add("fan-out", "A <peer>", slower)
    plan = Plan(peers=(), works=("fan-out",), rounds=3, seconds=1)

    page = report.as_page(results, plan, _CONDITIONS)
    svg = plot.as_svg(results, _CONDITIONS)
    data = json.loads(report.as_json(results, plan, _CONDITIONS))

    assert "| **this product, uvicorn** | 200 | 100–300 | 1.00 × |" in page
    assert "| A <peer> | 50.0 | 25.0–75.0 | 0.25 × |" in page
    assert "more than 90 % busy" in page
    assert "A <peer>: 1 missing." in page
    assert "- Nobody's server: There is no such package." in page
    assert "A &lt;peer&gt;" in svg
    assert [row["median"] for row in data["rows"]] == [200.0, 50.0]
