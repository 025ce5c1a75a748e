"""Idle: the memory of a socket, and the CPU that many of them cost while nobody says anything."""

import time
from collections.abc import Iterator

from tests.benchmarks.peers.bench import Bench, Figure
from tests.benchmarks.peers.generator import Line

_SOCKETS = 5_000
_PEOPLE_PER_CONVERSATION = 10
_SECONDS_OF_A_HEARTBEAT = 25.0


def idle(bench: Bench) -> Iterator[Figure]:
    yield Figure(
        row="process without sockets",
        unit="MB",
        value=bench.server.memory_bytes() / 1e6,
        higher_is_better=False,
    )
    sockets = bench.sized(_SOCKETS, at_least=10)
    lines = []
    for number in range(0, sockets, _PEOPLE_PER_CONVERSATION):
        people = [f"i-{number + place}" for place in range(_PEOPLE_PER_CONVERSATION)]
        room = bench.server.create(f"idle-{number}", people)
        lines += [Line(role="r", conversation=room, user=person) for person in people]
    with bench.connected(lines[:_PEOPLE_PER_CONVERSATION]):
        pass  # what the first sockets need for all
    before = bench.server.memory_bytes()
    with bench.connected(lines):
        yield Figure(
            row="memory of an idle socket",
            unit="kB",
            value=(bench.server.memory_bytes() - before) / len(lines) / 1e3,
            higher_is_better=False,
        )
        # A whole heartbeat: otherwise the figure would depend on where it begins.
        seconds = _SECONDS_OF_A_HEARTBEAT * min(bench.scale, 1.0)
        bench.generator.idle(min(bench.seconds, seconds))
        cpu, started = bench.server.cpu_seconds(), time.monotonic()
        closed = bench.generator.idle(seconds)
        used = (bench.server.cpu_seconds() - cpu) / (time.monotonic() - started)
        yield Figure(
            row=f"CPU of {sockets:,} idle sockets",
            unit="% of a core",
            value=used * 100,
            higher_is_better=False,
            fault=f"{closed:,} closed" if closed else "",
        )
