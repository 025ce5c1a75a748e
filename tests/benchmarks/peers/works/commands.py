"""Commands: the cheapest one that is answered, and the typing indicator."""

from collections.abc import Iterator, Sequence

from tests.benchmarks.peers.bench import Bench, Figure, rate
from tests.benchmarks.peers.generator import Line, Work

_SOCKETS = 50
_TYPING_PEOPLE = 10


def commands(bench: Bench) -> Iterator[Figure]:
    dialect = bench.peer.dialect
    sockets = bench.sized(_SOCKETS, at_least=2)
    people = [f"person-{number}" for number in range(sockets)]
    room = bench.server.create("commands", people)
    lines = [Line(role="s", conversation=room, user=person) for person in people]
    with bench.connected(lines):
        yield _measure(bench, "ping", dialect.echo(), "commands/s")

    lines = []
    for number in range(0, sockets, _TYPING_PEOPLE):
        group = people[number : number + _TYPING_PEOPLE]
        room = bench.server.create(f"typing-{number}", group)
        lines += [Line(role="s", conversation=room, user=person) for person in group]
    with bench.connected(lines):
        row = f"typing, in conversations of {_TYPING_PEOPLE}"
        yield _measure(bench, row, dialect.typing(), "commands/s")
    if dialect.read() is not None:
        yield _reads(bench, people)


def _reads(bench: Bench, people: Sequence[str]) -> Figure:
    """Measure read positions that move forward by one message each time."""
    dialect = bench.peer.dialect
    room = bench.server.create("reads", people)
    with bench.connected([Line(role="s", conversation=room, user=p) for p in people]):
        command = dialect.send()
        assert command is not None
        bench.generator.run(Work(command=command, seconds=bench.seconds))
    lines = [
        Line(role="s", conversation=f"{room}#{number}", user=person)
        for number, person in enumerate(people)
    ]
    with bench.connected(lines):
        command = dialect.read()
        assert command is not None
        row = f"receipt.read of {len(people):,} people of one conversation"
        return _measure(bench, row, command, "commands/s")


def _measure(bench: Bench, row: str, command: str, unit: str) -> Figure:
    bench.generator.run(Work(command=command, seconds=bench.seconds / 4))
    return bench.figure(
        row,
        Work(command=command, seconds=bench.seconds),
        unit=unit,
        value=lambda outcome: rate(outcome.acknowledged, outcome),
        count=lambda outcome: outcome.acknowledged,
    )
