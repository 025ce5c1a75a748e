"""Rounds: every peer does every work in each of them, in an order that is shuffled anew."""

import itertools
import random
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import httpx

from config.development.processes import NotReady
from tests.benchmarks.peers.bench import Bench, Figure
from tests.benchmarks.peers.faults.scenarios import FaultRow, faults
from tests.benchmarks.peers.generator import Generator, generator
from tests.benchmarks.peers.installing import Missing
from tests.benchmarks.peers.peer import Peer
from tests.benchmarks.peers.services import ServicePool
from tests.benchmarks.peers.works import WORKS

FAULTS = "faults"
"""The work whose results are the fault table."""

Say = Callable[[str], None]


@dataclass(slots=True)
class Results:
    rounds: int = 0
    """The rounds that are complete."""
    figures: dict[tuple[str, str, str], list[Figure]] = field(default_factory=dict)
    """By the name of the work, the row and the peer."""
    faults: list[FaultRow] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    """The peers that could not be installed, with the reason."""
    failures: list[str] = field(default_factory=list)
    """What went wrong in a round."""
    versions: dict[str, str] = field(default_factory=dict)

    def add(self, work: str, peer: str, figure: Figure) -> None:
        self.figures.setdefault((work, figure.row, peer), []).append(figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    peers: Sequence[Peer]
    works: Sequence[str]
    rounds: int
    seconds: float
    minutes: float | None = None
    """No round begins that would not end within so many minutes."""
    scale: float = 1.0
    only_cached: bool = False


def measure(plan: Plan, say: Say) -> Results:
    """Install the peers, and measure them. Raises Missing if there is no load generator."""
    results = Results()
    peers = [peer for peer in plan.peers if _install(peer, plan, results, say)]
    begun = time.monotonic()
    with generator() as load, ServicePool() as pool:
        for number in range(plan.rounds):
            started = time.monotonic()
            for work, peer in _shuffled(plan.works, peers):
                say(f"round {number + 1} of {plan.rounds}: {work}, {peer.title}")
                try:
                    _measure(work, peer, plan, load, pool, results)
                except _FAILURES as error:
                    results.failures.append(f"{work}, {peer.title}: {error}".splitlines()[0])
                    say(f"  failed: {error}")
            results.rounds += 1
            took = time.monotonic() - started
            if plan.minutes and time.monotonic() - begun + took > plan.minutes * 60:
                break
    return results


_FAILURES = (NotReady, Missing, RuntimeError, OSError, httpx.HTTPError, subprocess.SubprocessError)


def _install(peer: Peer, plan: Plan, results: Results, say: Say) -> bool:
    try:
        folder = peer.installed(only_cached=plan.only_cached)
    except Missing as missing:
        results.missing[peer.title] = str(missing)
        say(f"left out: {peer.title}: {missing}")
        return False
    results.versions[peer.title] = peer.source.versions(folder)
    return True


def _shuffled(works: Sequence[str], peers: Sequence[Peer]) -> Sequence[tuple[str, Peer]]:
    pairs = [(work, peer) for work, peer in itertools.product(works, peers) if work in peer.works]
    random.shuffle(pairs)
    return pairs


def _measure(
    work: str, peer: Peer, plan: Plan, load: Generator, pool: ServicePool, results: Results
) -> None:
    with (
        pool.services(postgres=peer.postgres) as services,
        peer.run(peer, peer.installed(only_cached=True), services) as server,
    ):
        bench = Bench(
            peer=peer,
            server=server,
            services=services,
            generator=load,
            seconds=plan.seconds,
            scale=plan.scale,
        )
        if work == FAULTS:
            results.faults += faults(bench)
            return
        for figure in WORKS[work](bench):
            results.add(work, peer.title, figure)
