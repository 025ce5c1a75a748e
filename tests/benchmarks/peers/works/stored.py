"""The whole job: messages that are stored, acknowledged, and delivered to every member.

A message is complete once all members have it; then its sender sends the next. One sender, or many
whose messages wait at the same time.
"""

from collections.abc import Iterator, Sequence

from tests.benchmarks.peers.bench import Bench, Figure, rate
from tests.benchmarks.peers.generator import Line, Work

_SIZES = (200, 1_000)
_SENDERS = 16


def stored(bench: Bench) -> Iterator[Figure]:
    for size in _SIZES:
        members = bench.sized(size, at_least=_SENDERS + 4)
        if bench.peer.most_members is not None and members > bench.peer.most_members:
            continue
        for count in (1, _SENDERS):
            lines = _members(bench, f"members-{size}-{count}", members, senders=count)
            with bench.connected(lines):
                names = "one sender" if count == 1 else f"{count} senders at once"
                yield _measure(bench, f"{members:,} members, {names}")


def _members(bench: Bench, name: str, members: int, *, senders: int) -> Sequence[Line]:
    """Create a conversation, and return its sockets: the senders are members, but not counted."""
    people = [f"{name}-{number}" for number in range(members)]
    conversation = bench.server.create(name, people)
    return [
        Line(role="s" if number < senders else "r", conversation=conversation, user=person)
        for number, person in enumerate(people)
    ]


def _measure(bench: Bench, row: str) -> Figure:
    command = bench.peer.dialect.send()
    assert command is not None
    bench.generator.run(Work(command=command, seconds=bench.seconds / 4, delivered=True))
    return bench.figure(
        row,
        Work(command=command, seconds=bench.seconds, delivered=True),
        unit="deliveries/s",
        value=lambda outcome: rate(outcome.deliveries, outcome),
        count=lambda outcome: outcome.deliveries,
    )
