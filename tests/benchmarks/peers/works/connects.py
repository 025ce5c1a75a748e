"""Connects: sockets that open at once, until each was greeted."""

from collections.abc import Iterator, Sequence

from tests.benchmarks.peers.bench import Bench, Figure
from tests.benchmarks.peers.generator import Line

_SOCKETS = 1_000
_AT_ONCE = 32
_PEOPLE_PER_CONVERSATION = 10


def connects(bench: Bench) -> Iterator[Figure]:
    sockets = bench.sized(_SOCKETS, at_least=4)
    lines = []
    for number in range(0, sockets, _PEOPLE_PER_CONVERSATION):
        people = [f"c-{number + place}" for place in range(_PEOPLE_PER_CONVERSATION)]
        room = bench.server.create(f"connects-{number}", people)
        lines += [Line(role="r", conversation=room, user=person) for person in people]
    yield _measure(bench, "connects, cold", lines)
    yield _measure(bench, "connects, again within a minute", lines)

    people = [f"d-{number}" for number in range(sockets)]
    room = bench.server.create("everybody", people)
    lines = [Line(role="r", conversation=room, user=person) for person in people]
    yield _measure(bench, f"connects of {sockets:,} people of one conversation", lines)


def _measure(bench: Bench, row: str, lines: Sequence[Line]) -> Figure:
    cpu = bench.server.cpu_seconds()
    with bench.connected(lines, at_once=_AT_ONCE) as seconds:
        used = bench.server.cpu_seconds() - cpu
    return Figure(
        row=row,
        unit="connects/s",
        value=len(lines) / seconds,
        cpu_micros=used / len(lines) * 1e6,
    )
