"""Many conversations at once, with one sender each: what the writer and the store cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from uuid import uuid4

import pytest

from messaging.stores.firestore.store import FirestoreStore
from tests.benchmarks.children import Child, Figures, children, together
from tests.integration.stores import new_conversation

CONVERSATIONS = 200


async def new_conversations(project: str, count: int) -> list[str]:
    store = FirestoreStore(project=project, timeout=30)  # a new emulator takes its time
    ids = [
        (await store.create_conversation(new_conversation("ann", "bob"))).id for _ in range(count)
    ]
    await store.close()
    return ids


@dataclass
class Rounds:
    """The store and the plain loop in turns, and in turns first."""

    store: list[Figures] = field(default_factory=list)
    plain: list[Figures] = field(default_factory=list)

    async def round(self, child: Child, *, conversations: int, sends: int) -> None:
        project = f"bench-{uuid4().hex}"
        turns = [("spread", self.store), ("spread_plainly", self.plain)]
        if len(self.store) % 2:
            turns.reverse()
        for work, figures in turns:
            ids = await new_conversations(project, conversations)
            asked = {"project": project, "conversation_ids": ids, "sends": sends}
            figures.extend(together([child], work, **asked))

    @property
    def ratio(self) -> float:
        """The median of the rounds'."""
        pairs = zip(self.store, self.plain, strict=True)
        return median(rate(ours) / rate(theirs) for ours, theirs in pairs)


def rate(figures: Figures) -> float:
    messages: int = figures["messages"]
    return messages / float(figures["seconds"])


def line(name: str, rounds: Sequence[Figures]) -> str:
    rates = [rate(figures) for figures in rounds]
    cpu = median(figures["cpu"] / figures["messages"] * 1_000 for figures in rounds)
    return (
        f"  {name:<24}{median(rates):>7,.0f}/s  ({min(rates):,.0f}–{max(rates):,.0f})  "
        f"{cpu:.2f} ms CPU per send"
    )


@pytest.mark.benchmark
async def test_many_conversations(own_emulator: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Sends spread evenly over 200 conversations: at least 0.85 times as many as a bare loop that
    issues the same commits through the official client."""
    with children(1) as (child,):
        await Rounds().round(child, conversations=CONVERSATIONS, sends=20)  # warms up
        rounds = Rounds()
        for _ in range(5):
            await rounds.round(child, conversations=CONVERSATIONS, sends=10)

    with capsys.disabled():
        print(f"\n{CONVERSATIONS} conversations, one sender each; median of 5 rounds in turns:")
        print(line("the writer and the store", rounds.store))
        print(line("the official client", rounds.plain))
        print(f"  {rounds.ratio:.2f} × the official client's loop (at least 0.85)")
    assert all(figures["writes"] == 2 * figures["messages"] for figures in rounds.store)
    assert all(figures["reads"] == 0 for figures in rounds.store)
    assert rounds.ratio >= 0.85


async def test_many_conversations_in_short(three_children: Sequence[Child]) -> None:
    """The same in little: each send is two writes and no read."""
    rounds = Rounds()
    await rounds.round(three_children[0], conversations=10, sends=3)

    (figures,) = rounds.store
    assert (figures["messages"], figures["writes"], figures["reads"]) == (30, 60, 0)
    assert rounds.plain[0]["messages"] == 30
