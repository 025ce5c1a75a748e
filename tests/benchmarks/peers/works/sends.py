"""Sends: messages that are stored and acknowledged, by socket and over HTTP."""

from collections.abc import Iterator, Sequence

from tests.benchmarks.peers.bench import Bench, Figure, rate
from tests.benchmarks.peers.generator import Line, Work

_SENDERS = 50
_PACED_SENDERS, _PACE_SECONDS = 5, 0.1


def sends(bench: Bench) -> Iterator[Figure]:
    dialect = bench.peer.dialect
    senders = bench.sized(_SENDERS, at_least=2)
    for role, door, command in (("s", "socket", dialect.send()), ("h", "HTTP", dialect.post())):
        if command is None:
            continue
        lines = _many_conversations(bench, role, senders)
        with bench.connected(lines):
            yield _measure(bench, f"by {door}, {senders:,} conversations", command)
        lines = _one_conversation(bench, role, senders)
        with bench.connected(lines):
            yield _measure(bench, f"by {door}, one conversation of {senders:,} senders", command)
        yield _paced(bench, role, f"by {door}, 50 a second, p50", command)


def _many_conversations(bench: Bench, role: str, senders: int) -> Sequence[Line]:
    lines = []
    for number in range(senders):
        people = [f"{role}-{number}", f"{role}-other-{number}"]
        conversation = bench.server.create(f"sends-{role}-{number}", people)
        lines.append(Line(role=role, conversation=conversation, user=people[0]))
    return lines


def _one_conversation(bench: Bench, role: str, senders: int) -> Sequence[Line]:
    people = [f"{role}-{number}" for number in range(senders)]
    conversation = bench.server.create(f"hot-{role}", people)
    return [Line(role=role, conversation=conversation, user=person) for person in people]


def _measure(bench: Bench, row: str, command: str) -> Figure:
    bench.generator.run(Work(command=command, seconds=bench.seconds / 4))
    return bench.figure(
        row,
        Work(command=command, seconds=bench.seconds),
        unit="sends/s",
        value=lambda outcome: rate(outcome.acknowledged, outcome),
        count=lambda outcome: outcome.acknowledged,
    )


def _paced(bench: Bench, role: str, row: str, command: str) -> Figure:
    """Measure how long a send takes while the server has time."""
    lines = []
    for number in range(_PACED_SENDERS):
        people = [f"paced-{role}-{number}", f"paced-other-{number}"]
        conversation = bench.server.create(f"paced-{role}-{number}", people)
        lines.append(Line(role=role, conversation=conversation, user=people[0]))
    with bench.connected(lines):
        work = Work(command=command, seconds=bench.seconds, pace=_PACE_SECONDS)
        outcome = bench.generator.run(work)
    return Figure(
        row=row,
        unit="ms",
        value=outcome.p50 * 1_000,
        higher_is_better=False,
        load_cpu=outcome.load_cpu,
    )
