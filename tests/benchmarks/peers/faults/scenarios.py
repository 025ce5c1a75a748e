"""What breaks: the server is killed, Redis is killed, the clients are away for many messages."""

import asyncio
import itertools
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from config.development.processes import Process
from tests.benchmarks.peers.bench import Bench
from tests.benchmarks.peers.faults.sender import Sender
from tests.benchmarks.peers.faults.watcher import Watcher, watchers

_WATCHERS = 10
_MESSAGES = 200
_PAUSE = 0.05
_BREAK_AFTER = 2.0
_AWAY_FOR = 1.0
_MISSED = 10_000
_SENDERS = 16
_MOST_SECONDS = 600.0
"""All faults of one peer together."""
_CONNECT_SECONDS = 30.0
_PATIENCE = 15.0
"""How long a message may take before it counts as lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    peer: str
    fault: str
    deliveries: int
    """Acknowledged messages, times watchers."""
    lost: int
    doubled: int
    disordered: int
    blind: float
    """The longest time in seconds that a watcher got nothing while messages were sent, or until it
    had everything that it had missed."""


class _Trial:
    """A conversation with watchers at one peer."""

    def __init__(self, bench: Bench, name: str) -> None:
        self._patience = max(_PATIENCE * bench.scale, 2.0)
        people = [f"{name}-{number}" for number in range(_WATCHERS + _SENDERS)]
        conversation = bench.server.create(name, people)
        port, dialect = bench.server.port, bench.peer.dialect
        self.watchers = watchers(_WATCHERS, port, dialect, conversation, people)
        stores = "stored" in bench.peer.works
        self.senders = [
            Sender(port, dialect, conversation, person, stores=stores)
            for person in people[_WATCHERS:]
        ]

    async def connect(self) -> None:
        for watcher in self.watchers:
            watcher.start()
        async with asyncio.timeout(_CONNECT_SECONDS):
            await asyncio.gather(*(watcher.connected.wait() for watcher in self.watchers))

    async def arrivals(self) -> None:
        """Wait until every watcher has every acknowledged message, within the patience."""
        due = self.acknowledged
        until = time.monotonic() + self._patience
        while time.monotonic() < until and any(due - _numbers(w) for w in self.watchers):
            await asyncio.sleep(0.05)

    @property
    def acknowledged(self) -> set[int]:
        return {number for sender in self.senders for number in sender.acknowledged}

    async def end(self) -> None:
        for watcher in self.watchers:
            await watcher.leave()

    def row(self, peer: str, fault: str, blind: float) -> FaultRow:
        due = self.acknowledged
        return FaultRow(
            peer=peer,
            fault=fault,
            deliveries=len(due) * len(self.watchers),
            lost=sum(len(due - _numbers(watcher)) for watcher in self.watchers),
            doubled=sum(len(w.taken) - len(_numbers(w)) for w in self.watchers),
            disordered=sum(disordered([n for n, _ in w.taken]) for w in self.watchers),
            blind=blind,
        )


def disordered(numbers: Sequence[int]) -> int:
    """Return how many numbers came for the first time after a higher one."""
    seen: set[int] = set()
    highest = count = 0
    for number in numbers:
        count += number not in seen and number < highest
        seen.add(number)
        highest = max(highest, number)
    return count


def faults(bench: Bench) -> Sequence[FaultRow]:
    return asyncio.run(asyncio.wait_for(_all(bench), _MOST_SECONDS))


async def _all(bench: Bench) -> Sequence[FaultRow]:
    return [
        await _broken(bench, "server killed", bench.server.process),
        await _broken(bench, "Redis killed", bench.services.redis),
        await _away(bench),
    ]


async def _broken(bench: Bench, fault: str, process: Process) -> FaultRow:
    """One sender at a pace, while a process is killed and started again."""
    trial = _Trial(bench, fault.replace(" ", "-").lower())
    await trial.connect()
    messages = bench.sized(_MESSAGES, at_least=20)
    sending = asyncio.create_task(trial.senders[0].send(1, messages, pause=_PAUSE))
    await asyncio.sleep(min(_BREAK_AFTER, messages * _PAUSE / 4))
    await _kill_and_start(process)
    await sending
    await trial.arrivals()
    await trial.end()
    ended = max(trial.senders[0].acknowledged.values())
    blind = max(_blind_seconds(watcher, ended) for watcher in trial.watchers)
    return trial.row(bench.peer.title, fault, blind)


async def _away(bench: Bench) -> FaultRow:
    """The watchers are away while many messages are sent, and come back."""
    trial = _Trial(bench, "away")
    await trial.connect()
    await trial.end()
    missed = bench.sized(_MISSED, at_least=50)
    step = len(trial.senders)
    await asyncio.gather(
        *(sender.send(number + 1, missed, step=step) for number, sender in enumerate(trial.senders))
    )
    returned = time.monotonic()
    await trial.connect()
    await trial.arrivals()
    blind = time.monotonic() - returned
    await trial.end()
    # The order of numbers from several senders is that of the commits, which nobody promised.
    row = trial.row(bench.peer.title, f"away for {missed:,} messages", blind)
    orders = {tuple(n for n, _ in watcher.taken) for watcher in trial.watchers}
    return replace(row, disordered=len(orders) - 1)


def _blind_seconds(watcher: Watcher, ended: float) -> float:
    """Return the longest time without a message, up to the last one that was sent."""
    times = [at for _, at in watcher.taken]
    gaps = [later - earlier for earlier, later in itertools.pairwise([*times, ended])]
    return max(gaps, default=_PATIENCE)


async def _kill_and_start(process: Process) -> None:
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait, 10)
    await asyncio.sleep(_AWAY_FOR)
    process.__exit__(None, None, None)
    await asyncio.to_thread(process.__enter__)


def _numbers(watcher: Watcher) -> set[int]:
    return {number for number, _ in watcher.taken}
