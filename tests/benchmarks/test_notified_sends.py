"""What notifying costs those who send, in time and in CPU: sends with and without it, in turns.

On a busy machine, only the CPU that a process takes is the same as on a quiet one.
"""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import pytest
import pytest_asyncio
from pytest_django import Settings

from messaging.domain.conversation import ConversationKind
from messaging.domain.recipients import Platform, TokenKind
from messaging.instruments.metrics import NOTIFICATION_JOBS
from messaging.notifications.queue.sqs import create_queues
from messaging.runtime.instance import Instance
from messaging.services import conversations, messages
from messaging.services.account import devices
from tests.instances import new_instance
from tests.notifications.sqs_server import aws_environment, sqs_process

_PER_SECOND = 20


@pytest_asyncio.fixture
async def instance(
    firestore_emulator: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> AsyncIterator[Instance]:
    """On Firestore, with a queue in a process of its own."""
    with sqs_process() as url:
        for name, value in aws_environment(url).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
        settings.CHAT_STORE = "firestore"
        settings.GOOGLE_CLOUD_PROJECT = f"test-{uuid4().hex}"
        settings.NOTIFICATION_QUEUE_URL = create_queues("sends", hidden=60)
        async with new_instance() as instance:
            await instance.start()
            yield instance


async def group_of_five(instance: Instance, number: int = 0) -> str:
    """Create a group of Ann and four others. Each of them has a phone, and nobody is connected: a
    message is a job for four people."""
    people = [f"{name}-{number}" for name in ("bob", "cid", "dan", "eve")]
    founded = await conversations.create_conversation(
        instance, user_id="ann", kind=ConversationKind.GROUP, participant_ids=people
    )
    for person in people:
        await devices.register_device(
            instance,
            user_id=person,
            device_id="phone",
            token=person,
            token_kind=TokenKind.TOKEN,
            platform=Platform.IOS,
        )
    return founded.own.conversation.id


async def latencies(instance: Instance, group: str, seconds: float) -> list[float]:
    """Of sends, 20 in a second."""
    taken = []
    begin = time.perf_counter()
    for number in range(round(seconds * _PER_SECOND)):
        await asyncio.sleep(max(begin + number / _PER_SECOND - time.perf_counter(), 0))
        before = time.perf_counter()
        await messages.send_message(instance, user_id="ann", conversation_id=group, text="Hello")
        taken.append(time.perf_counter() - before)
    return taken


async def in_turns(instance: Instance, rounds: int, seconds: float) -> float:
    """How many times longer a send takes with notifications than without: the ratio of medians."""
    group = await group_of_five(instance)
    await latencies(instance, group, 1)
    with_: list[float] = []
    without: list[float] = []
    for _ in range(rounds):
        with_ += await latencies(instance, group, seconds)
        await instance.notifications.stop()
        without += await latencies(instance, group, seconds)
        instance.notifications.start()
    one, other = (statistics.median(taken) * 1000 for taken in (with_, without))
    ratio = one / other
    print(
        f"\n{len(with_)} sends each at {_PER_SECOND}/s: median {one:.1f} ms with notifications,"
        f" {other:.1f} ms without; {ratio:.2f} times"
    )
    return ratio


async def test_a_short_comparison(transactional_db: None, instance: Instance) -> None:
    """That it can be made; what it shows in two seconds means little."""
    assert await in_turns(instance, 1, 1) > 0


@pytest.mark.benchmark
async def test_sends_with_and_without(transactional_db: None, instance: Instance) -> None:
    """Ten rounds in turns: no more than 1.25 times."""
    assert await in_turns(instance, 10, 3) <= 1.25


# CPU

_MOST_CPU = 1.2
_PATIENCE_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Scale:
    groups: int
    sends: int
    """In each group, one after the other; the groups send at once."""
    rounds: int


@pytest_asyncio.fixture
async def on_sqlite(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> AsyncIterator[Instance]:
    """The CPU of the queue, in a process of its own, is not counted."""
    with sqs_process() as url:
        for name, value in aws_environment(url).items():
            monkeypatch.setenv(name, value)
        settings.NOTIFICATION_QUEUE_URL = create_queues("cpu", hidden=60)
        settings.CHAT_SEARCH = "off"
        async with new_instance() as instance:
            await instance.start()
            await instance.notifications.stop()
            yield instance


def jobs_by_path() -> Counter[str]:
    """How many jobs have ended: `queue` are those that the queue has accepted."""
    (metric,) = NOTIFICATION_JOBS.collect()
    jobs: Counter[str] = Counter()
    for one in metric.samples:
        if one.name.endswith("_total") and one.labels["result"] != "again":
            jobs[one.labels["path"]] += int(one.value)
    return jobs


async def send_all(
    instance: Instance, groups: Sequence[str], sends: int, *, jobs: bool
) -> float | None:
    """Send in all groups at once. Return the CPU of each send in milliseconds; with `jobs`, until
    the queue has one for each. Return None if this process has carried some out by itself, because
    the queue did not answer in time."""
    jobs_before = jobs_by_path()
    wanted = jobs_before.total() + len(groups) * sends * jobs

    async def talk(group: str) -> None:
        for _ in range(sends):
            await messages.send_message(
                instance, user_id="ann", conversation_id=group, text="Hello"
            )

    before = time.process_time()
    await asyncio.gather(*map(talk, groups))
    end = time.monotonic() + _PATIENCE_SECONDS
    while (ended := jobs_by_path()).total() < wanted:
        assert time.monotonic() < end, f"{wanted - ended.total()} jobs have not ended"
        await asyncio.sleep(0.02)
    took = time.process_time() - before
    if jobs_by_path()["direct"] > jobs_before["direct"]:
        return None
    return took * 1000 / (len(groups) * sends)


async def cpu_in_turns(instance: Instance, scale: Scale) -> float:
    """Return how many times the CPU of a send is with notifications: the median of the rounds."""
    groups = [await group_of_five(instance, number) for number in range(scale.groups)]
    with_: list[float] = []
    without: list[float] = []
    while len(with_) < scale.rounds:
        off = await send_all(instance, groups, scale.sends, jobs=False)
        instance.notifications.start()
        await send_all(instance, groups, 1, jobs=True)  # boto3 makes its client
        on = await send_all(instance, groups, scale.sends, jobs=True)
        await instance.notifications.stop()
        if on is not None and off is not None:
            with_.append(on)
            without.append(off)
    ratio = statistics.median(one / other for one, other in zip(with_, without, strict=True))
    one, other = statistics.median(with_), statistics.median(without)
    print(f"\nCPU per send: {one:.3f} ms with notifications, {other:.3f} ms without: {ratio:.2f} ×")
    return ratio


async def test_a_short_comparison_of_cpu(on_sqlite: Instance) -> None:
    """That it can be made; what it shows of a few sends means little."""
    assert await cpu_in_turns(on_sqlite, Scale(groups=5, sends=3, rounds=1)) > 0


@pytest.mark.benchmark
async def test_notifying_costs_a_send_little(
    on_sqlite: Instance, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        ratio = await cpu_in_turns(on_sqlite, Scale(groups=50, sends=20, rounds=7))
    assert ratio <= _MOST_CPU
