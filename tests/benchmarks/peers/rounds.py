"""Rounds: every peer does every work in each of them, in an order that is shuffled anew."""

import itertools
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx

from config.development.processes import NotReady
from config.development.redis import RedisMissing
from tests.benchmarks.peers.bench import Bench, Figure
from tests.benchmarks.peers.generator import Generator, generator
from tests.benchmarks.peers.installing import Missing
from tests.benchmarks.peers.peer import Peer, Services
from tests.benchmarks.peers.works import WORKS
from tests.servers.postgres import PostgresMissing, new_cluster
from tests.servers.redis import redis_server

Say = Callable[[str], None]


@dataclass(slots=True)
class Results:
    rounds: int = 0
    """The rounds that are complete."""
    figures: dict[tuple[str, str, str], list[Figure]] = field(default_factory=dict)
    """By the name of the work, the row and the peer."""
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
    with generator() as load:
        for number in range(plan.rounds):
            started = time.monotonic()
            for work, peer in _shuffled(plan.works, peers):
                say(f"round {number + 1} of {plan.rounds}: {work}, {peer.title}")
                try:
                    _measure(work, peer, plan, load, results)
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


def _measure(work: str, peer: Peer, plan: Plan, load: Generator, results: Results) -> None:
    with _services(postgres=False) as services, ExitStack() as open_:
        folder = peer.installed(only_cached=True)
        server = open_.enter_context(peer.run(peer, folder, services))
        bench = Bench(
            peer=peer, server=server, generator=load, seconds=plan.seconds, scale=plan.scale
        )
        for figure in WORKS[work](bench):
            results.add(work, peer.title, figure)


@contextmanager
def _services(*, postgres: bool) -> Iterator[Services]:
    """Run an empty Redis, and an empty PostgreSQL with fsync. Raises Missing."""
    with ExitStack() as open_:
        try:
            redis_url = open_.enter_context(redis_server())
            if not postgres:
                yield Services(redis_url)
                return
            cluster = open_.enter_context(new_cluster())
            open_.enter_context(cluster.run())
        except (RedisMissing, PostgresMissing) as missing:
            raise Missing(str(missing)) from missing
        yield Services(redis_url, cluster.url)
