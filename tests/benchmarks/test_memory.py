"""Memory and billed reads do not grow with the length of a conversation."""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from messaging.instruments.metrics import STORE_DOCUMENTS
from messaging.stores.firestore.store import FirestoreStore
from tests.benchmarks import crowd
from tests.benchmarks.children import Child, Figures, children, together
from tests.integration.stores import new_conversation, sending

SENDERS = 64
MEBIBYTE = 1024**2
PAGE = 50


async def on_sqlite(child: Child, marks: list[int]) -> Figures:
    """Messages through the writer and the SQL store, up to these numbers."""
    asked = {"project": None, "conversation": None, "senders": SENDERS, "marks": marks}
    (figures,) = together([child], "memory", **asked)
    return figures


async def on_firestore(child: Child, marks: list[int]) -> Figures:
    """Messages through the writer and the Firestore store, up to these numbers."""
    project = f"bench-{uuid4().hex}"
    store = FirestoreStore(project=project, timeout=30)
    conversation = (await store.create_conversation(crowd(SENDERS))).id
    await store.close()
    asked = {"project": project, "conversation": conversation, "senders": SENDERS, "marks": marks}
    (figures,) = together([child], "memory", **asked)
    return figures


def line(name: str, marks: list[int], figures: Figures) -> str:
    sizes = ", ".join(
        f"{resident / MEBIBYTE:.1f} MiB at message {mark:,}"
        for mark, resident in zip(marks, figures["resident"], strict=True)
    )
    return f"resident memory of a process that sends, {name}: {sizes}"


@pytest.mark.benchmark
async def test_memory_on_sqlite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From message 20,000 to 100,000 a process grows by less than 10 MiB."""
    marks = [20_000, 60_000, 100_000]
    with children(1, DATABASE_URL=f"sqlite:///{tmp_path / 'memory.sqlite3'}") as (child,):
        figures = await on_sqlite(child, marks)

    with capsys.disabled():
        print("\n" + line("SQLite", marks, figures))
    assert figures["seq"] == figures["version"] == marks[-1]
    assert figures["resident"][-1] - figures["resident"][0] < 10 * MEBIBYTE


@pytest.mark.benchmark
async def test_memory_on_firestore(own_emulator: str, capsys: pytest.CaptureFixture[str]) -> None:
    """From message 5,000 to 25,000 a process grows by less than 10 MiB."""
    marks = [5_000, 15_000, 25_000]
    with children(1) as (child,):
        figures = await on_firestore(child, marks)

    with capsys.disabled():
        print("\n" + line("Firestore", marks, figures))
    assert figures["seq"] == figures["version"] == marks[-1]
    assert figures["resident"][-1] - figures["resident"][0] < 10 * MEBIBYTE


async def test_memory_in_short(three_children: Sequence[Child]) -> None:
    """The same in little, on both stores: all that was sent is there."""
    for measure in (on_sqlite, on_firestore):
        figures = await measure(three_children[0], [64, 200])
        assert figures["seq"] == figures["version"] == 200
        assert len(figures["resident"]) == 2


def billed_reads() -> float:
    samples = next(iter(STORE_DOCUMENTS.collect())).samples
    return sum(
        sample.value
        for sample in samples
        if sample.name.endswith("_total") and sample.labels["kind"] == "read"
    )


async def reads_of_pages(lengths: list[int]) -> dict[int, float]:
    """What a page of the latest messages bills, at each of these lengths of a conversation."""
    store = FirestoreStore(project=f"bench-{uuid4().hex}", timeout=30)
    conversation = await store.create_conversation(new_conversation("ann", "bob"))
    reads = {}
    for length in lengths:
        while conversation.seq < length:
            conversation = await store.commit(sending(conversation, *["What was said"] * 100))
        before = billed_reads()
        page = await store.list_messages(
            conversation.id, first_seq=length - PAGE + 1, last_seq=length
        )
        reads[length] = billed_reads() - before
        assert [message.seq for message in page] == [*range(length - PAGE + 1, length + 1)]
    await store.close()
    return reads


@pytest.mark.benchmark
async def test_page_at_message_50000(own_emulator: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A page of history at message 50,000 bills what it bills at 1,000: a read for each message."""
    reads = await reads_of_pages([1_000, 50_000])

    with capsys.disabled():
        print(
            f"\nhistory, a page of {PAGE} on Firestore: at message 1,000 {reads[1_000]:.0f} reads, "
            f"at 50,000 {reads[50_000]:.0f}"
        )
    assert reads == {1_000: PAGE, 50_000: PAGE}


async def test_page_at_message_50000_in_short(shared_emulator: str) -> None:
    """The same in little."""
    assert await reads_of_pages([100, 500]) == {100: PAGE, 500: PAGE}
