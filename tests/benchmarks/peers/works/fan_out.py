"""Fan-out: events that the server creates on command, delivered to every socket of a conversation.

Nothing is stored. An event is complete once every socket has it; then the next command follows.
"""

from collections.abc import Iterator, Sequence

from tests.benchmarks.peers.bench import Bench, Figure, rate
from tests.benchmarks.peers.dialects import DOOR
from tests.benchmarks.peers.generator import Line, Work

_SIZES = (200, 1_000, 2_000)
_BATCH = 16
_SOCKETS_PER_PERSON = 4
_SMALL_CONVERSATIONS, _SMALL_PEOPLE = 100, 10
_PACE_SECONDS = 0.2
_PACED_SOCKETS = 1_000


def fan_out(bench: Bench) -> Iterator[Figure]:
    for size in _SIZES:
        sockets = bench.sized(size, at_least=4)
        lines = _audience(bench, f"room-{size}", sockets)
        with bench.connected(lines):
            _measure(bench, 1, "", bench.seconds / 4)  # warms caches and compilers
            yield _measure(bench, 1, f"{sockets:,} sockets, single events", bench.seconds)
            row = f"{sockets:,} sockets, batches of {_BATCH}"
            yield _measure(bench, _BATCH, row, bench.seconds)
            if size == _PACED_SOCKETS:
                yield from _paced(bench, sockets)
    conversations = bench.sized(_SMALL_CONVERSATIONS, at_least=2)
    lines = [
        line
        for number in range(conversations)
        for line in _audience(bench, f"small-{number}", _SMALL_PEOPLE)
    ]
    with bench.connected(lines):
        _measure(bench, 1, "", bench.seconds / 4)
        row = f"{conversations:,} conversations of {_SMALL_PEOPLE}"
        yield _measure(bench, 1, row, bench.seconds)


def _audience(bench: Bench, name: str, sockets: int) -> Sequence[Line]:
    """Create a conversation, and return its sockets and the one that commands."""
    count = max(sockets // _SOCKETS_PER_PERSON, 1)
    people = [f"{name}-{number}" for number in range(count)]
    conversation = bench.server.create(name, ["sender", *people])
    receivers = [
        Line(role="r", conversation=conversation, user=people[number % count])
        for number in range(sockets)
    ]
    return [*receivers, Line(role="s", conversation=conversation, user=DOOR)]


def _measure(bench: Bench, batch: int, row: str, seconds: float) -> Figure:
    work = Work(command=bench.peer.dialect.fan(batch), seconds=seconds, delivered=True, batch=batch)
    return bench.figure(
        row,
        work,
        unit="deliveries/s",
        value=lambda outcome: rate(outcome.deliveries, outcome),
        count=lambda outcome: outcome.deliveries,
    )


def _paced(bench: Bench, sockets: int) -> Iterator[Figure]:
    """Measure how long an event takes to each socket while the server has time."""
    work = Work(
        command=bench.peer.dialect.fan(1),
        seconds=bench.seconds,
        delivered=True,
        pace=_PACE_SECONDS,
    )
    outcome = bench.generator.run(work)
    for name, value in (("p50", outcome.p50), ("p99", outcome.p99)):
        yield Figure(
            row=f"{sockets:,} sockets, {1 / _PACE_SECONDS:g} events/s, {name}",
            unit="ms",
            value=value * 1_000,
            higher_is_better=False,
            load_cpu=outcome.load_cpu,
        )
