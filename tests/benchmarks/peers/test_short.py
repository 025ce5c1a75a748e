"""The comparison in little: it runs, its results add up, and what is missing is named."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.benchmarks.peers import plot, report
from tests.benchmarks.peers.bench import Figure
from tests.benchmarks.peers.catalogue import PEERS
from tests.benchmarks.peers.installing import Missing, Nothing, installed
from tests.benchmarks.peers.peer import PROGRAMS, Peer, plain_server
from tests.benchmarks.peers.rounds import Plan, Results, measure
from tests.conftest import skip_or_fail

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
    plan = Plan(peers=peers, works=works, rounds=1, seconds=0.2, scale=0.02, only_cached=True)
    try:
        return plan, measure(plan, print)
    except Missing as missing:
        skip_or_fail(str(missing))
        raise


def test_works_measure_the_product() -> None:
    """Each row has a positive figure, and no message was lost, doubled or out of order."""
    plan, results = _in_short(_PEERS["product"], works=("fan-out", "commands"))

    assert not results.failures
    assert {work for work, _, _ in results.figures} == set(plan.works)
    figures = [figure for found in results.figures.values() for figure in found]
    assert [figure.row for figure in figures if figure.fault] == []
    assert [figure.row for figure in figures if figure.value < 0] == []
    assert all(figure.value > 0 for figure in figures if figure.unit.endswith("/s"))


def test_a_peer_does_the_same_works() -> None:
    """Bare uvloop, which this environment has."""
    program: Sequence[str | Path] = [sys.executable, PROGRAMS / "bare_uvloop.py"]
    run = partial(plain_server, lambda _, port: [*program, str(port)])
    peer = replace(_PEERS["uvloop"], source=Nothing(), run=run)
    _, results = _in_short(peer, works=("connects", "idle"))

    assert not results.failures
    assert {work for work, _, _ in results.figures} == {"connects", "idle"}
    figures = [figure for found in results.figures.values() for figure in found]
    assert [figure.row for figure in figures if figure.fault or figure.value < 0] == []


@pytest.mark.parametrize("name", [peer.name for peer in PEERS if peer.source != Nothing()])
def test_an_installed_peer_answers_commands(name: str) -> None:
    """Only those that `make bench` has installed: the tests install nothing."""
    peer = _PEERS[name]
    try:
        peer.installed(only_cached=True)
    except Missing as missing:
        pytest.skip(f"NOT TESTED: {missing}")
    _, results = _in_short(peer, works=("commands",))

    assert not results.failures
    assert all(figure.value > 0 for found in results.figures.values() for figure in found)


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
