"""One hot conversation: many senders at once, beside other ways of storing the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from uuid import uuid4

import pytest

from messaging.stores.firestore.store import FirestoreStore
from tests.benchmarks import crowd
from tests.benchmarks.children import Child, Figures, children, together

SENDERS = 64
PAGE = 1_000
ROUNDS = 5
BARE_LOOP = f"a bare loop of {SENDERS}-message commits"


@dataclass
class Way:
    """One way of storing, in each round."""

    name: str
    rates: list[float] = field(default_factory=list)
    """Messages a second, of all processes together."""
    note: str = ""
    """What else there is to say of the last round."""

    def took(self, answers: Sequence[Figures]) -> int:
        messages: int = sum(answer["messages"] for answer in answers)
        self.rates.append(messages / max(answer["seconds"] for answer in answers))
        return messages

    @property
    def rate(self) -> float:
        return median(self.rates)

    def line(self) -> str:
        low, high = min(self.rates), max(self.rates)
        decimals = 0 if self.rate >= 10 else 1
        figures = f"{self.rate:>9,.{decimals}f}/s  ({low:,.{decimals}f}–{high:,.{decimals}f})"
        return f"  {self.name:<44}{figures}  {self.note}".rstrip()


async def assert_no_hole_and_no_double(
    project: str, conversation_id: str, answers: Sequence[Figures]
) -> None:
    """In what was acknowledged, in what is stored, and in the versions."""
    acknowledged = sorted(seq for answer in answers for seq in answer["seqs"])
    assert acknowledged == [*range(1, len(acknowledged) + 1)]
    store = FirestoreStore(project=project, timeout=30)
    conversation = await store.get_conversation(conversation_id)
    assert conversation is not None
    assert (conversation.seq, conversation.version) == (len(acknowledged), len(acknowledged))
    ids = set()
    for first in range(1, conversation.seq + 1, PAGE):
        last = min(first + PAGE - 1, conversation.seq)
        page = await store.list_messages(conversation_id, first_seq=first, last_seq=last)
        assert [(one.seq, one.version) for one in page] == [
            (seq, seq) for seq in range(first, last + 1)
        ]
        ids |= {one.id for one in page}
    assert len(ids) == conversation.seq
    await store.close()


class Bench:
    """Every way in each round, one after the other, each in a conversation of its own."""

    def __init__(self, started: Sequence[Child], *, sends: int, seconds: float) -> None:
        """`sends`: how many each of the senders makes through the writer; `seconds`: how long those
        go on that store each message by itself."""
        self.ways: dict[str, Way] = {}
        self.writes_per_message: list[float] = []
        self._started = started
        self._sends = sends
        self._seconds = seconds
        self._project = f"bench-{uuid4().hex}"

    def ratio(self, way: str, other: str) -> float:
        """The median of the rounds'."""
        pairs = zip(self.ways[way].rates, self.ways[other].rates, strict=True)
        return median(rate / other_rate for rate, other_rate in pairs)

    async def round(self) -> None:
        one, three = self._started[:1], self._started
        await self._group_commits("1 process", one)
        await self._bare_loop(one)
        await self._increments("1 process", one)
        await self._group_commits("3 processes", three)
        await self._increments("3 processes", three)

    async def transactions(self, seconds: float) -> None:
        answers = together(
            self._started[:1],
            "transactions",
            senders=SENDERS,
            seconds=seconds,
            **await self._new_crowd(),
        )
        way = self._way("a transaction per message, 1 process")
        way.took(answers)
        way.note = f"in {seconds:g} s; {answers[0]['failed']} failed for good"

    async def _group_commits(self, processes: str, some: Sequence[Child]) -> None:
        where = await self._new_crowd()
        answers = together(some, "grouped", senders=SENDERS, sends=self._sends, **where)
        way = self._way(f"group commits, {processes}")
        messages = way.took(answers)
        await assert_no_hole_and_no_double(**where, answers=answers)
        writes, reads, conflicts, cpu = (
            sum(answer[kind] for answer in answers)
            for kind in ("writes", "reads", "conflicts", "cpu")
        )
        self.writes_per_message.append(writes / messages)
        way.note = (
            f"{writes / messages:.3f} writes, {reads / messages:.3f} reads, "
            f"{cpu / messages * 1_000:.3f} ms CPU per message, "
            f"{messages / (writes - messages):.0f} messages per commit, {conflicts} conflicts"
        )

    async def _bare_loop(self, one: Sequence[Child]) -> None:
        where = await self._new_crowd()
        self._way(BARE_LOOP).took(together(one, "bare", size=SENDERS, commits=self._sends, **where))

    async def _increments(self, processes: str, some: Sequence[Child]) -> None:
        where = await self._new_crowd()
        self._way(f"a blind increment per message, {processes}").took(
            together(some, "increments", senders=SENDERS, seconds=self._seconds, **where)
        )

    def _way(self, name: str) -> Way:
        return self.ways.setdefault(name, Way(name))

    async def _new_crowd(self) -> dict[str, str]:
        """Where to send: the project, and a new conversation in it."""
        store = FirestoreStore(project=self._project, timeout=30)  # a new emulator takes its time
        conversation = await store.create_conversation(crowd(SENDERS))
        await store.close()
        return {"project": self._project, "conversation_id": conversation.id}


@pytest.mark.benchmark
async def test_hot_conversation(own_emulator: str, capsys: pytest.CaptureFixture[str]) -> None:
    """64 senders at once in each process: at least five times a blind increment per message,
    with one process and with three; at least half of a bare loop of commits; at most 1.1 writes
    per message."""
    with children(3) as started:
        await Bench(started, sends=40, seconds=1.5).round()  # warms up
        bench = Bench(started, sends=50, seconds=1.5)
        for _ in range(ROUNDS):
            await bench.round()
        await bench.transactions(5)

    to_increments = {
        processes: bench.ratio(
            f"group commits, {processes}", f"a blind increment per message, {processes}"
        )
        for processes in ("1 process", "3 processes")
    }
    to_bare = bench.ratio("group commits, 1 process", BARE_LOOP)
    with capsys.disabled():
        print(
            f"\none hot conversation, {SENDERS} senders in each process; median of {ROUNDS} rounds:"
        )
        for way in bench.ways.values():
            print(way.line())
        for processes, ratio in to_increments.items():
            print(f"  {ratio:.1f} × a blind increment per message, {processes} (at least 5)")
        print(f"  {to_bare:.2f} × the bare loop (at least 0.5)")
        print(f"  {max(bench.writes_per_message):.3f} writes per message (at most 1.1)")
    assert max(bench.writes_per_message) <= 1.1
    assert to_bare >= 0.5
    assert min(to_increments.values()) >= 5


async def test_hot_conversation_in_short(three_children: Sequence[Child]) -> None:
    """The same in little: no hole, no double, and few writes, from one process and from three."""
    bench = Bench(three_children, sends=4, seconds=0.2)
    await bench.round()
    await bench.transactions(0.2)

    assert len(bench.ways) == 6
    assert max(bench.writes_per_message) < 1.5
