"""One peer under load: what a work is given, and the figures that it returns."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.benchmarks.peers.cores import busy_seconds, load_core
from tests.benchmarks.peers.generator import Generator, Line, Outcome, Work
from tests.benchmarks.peers.peer import Peer, Server, Services

_LIMIT = 0.9
"""Of the core of the generator: above it, the generator may be what limits the figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value of one peer, in one round."""

    row: str
    unit: str
    value: float
    higher_is_better: bool = True
    cpu_micros: float | None = None
    """The CPU of the server for each delivery or command."""
    load_cpu: float = 0.0
    """The share of its core that the generator used."""
    other_cpu: float = 0.0
    """The share of that core that all other processes used, the databases among them."""
    bytes_each: float | None = None
    """The bytes of each delivery."""
    fault: str = ""
    """What was wrong in this round: messages out of order, missing ones, refused commands."""

    @property
    def limited_by_load(self) -> bool:
        return self.load_cpu + self.other_cpu > _LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    peer: Peer
    server: Server
    services: Services
    generator: Generator
    seconds: float
    """How long each figure is measured."""
    scale: float = 1.0
    """The share of the usual sizes; the short form in the tests is smaller."""

    def sized(self, count: int, *, at_least: int = 1) -> int:
        return max(round(count * self.scale), at_least)

    @contextmanager
    def connected(self, lines: Sequence[Line], *, at_once: int = 32) -> Iterator[float]:
        """Connect these sockets while the context is open; the value is the seconds it took."""
        self.generator.speak(self.peer.dialect)
        try:
            yield self.generator.connect(
                self.server.port, self.peer.dialect, lines, at_once=at_once
            )
        finally:
            self.generator.disconnect()

    def figure(
        self,
        row: str,
        work: Work,
        *,
        unit: str,
        value: Callable[[Outcome], float],
        count: Callable[[Outcome], int],
        higher_is_better: bool = True,
    ) -> Figure:
        """Measure a work. `count` is what the server's CPU is divided by."""
        cpu, busy = self.server.cpu_seconds(), busy_seconds(load_core())
        outcome = self.generator.run(work)
        used = self.server.cpu_seconds() - cpu
        others = (busy_seconds(load_core()) - busy) / outcome.whole_seconds - outcome.load_cpu
        done = count(outcome)
        return Figure(
            row=row,
            unit=unit,
            value=value(outcome),
            higher_is_better=higher_is_better,
            cpu_micros=used / done * 1e6 if done else None,
            load_cpu=outcome.load_cpu,
            other_cpu=max(others, 0.0),
            bytes_each=outcome.bytes / outcome.deliveries if outcome.deliveries else None,
            fault=_fault(outcome),
        )


def rate(count: int, outcome: Outcome) -> float:
    return count / outcome.seconds if outcome.seconds > 0 else 0.0


def _fault(outcome: Outcome) -> str:
    found = {
        "refused": outcome.refused,
        "out of order": outcome.out_of_order,
        "missing": outcome.missing,
        "closed": outcome.closed,
    }
    return ", ".join(f"{count:,} {name}" for name, count in found.items() if count)
