"""What others put into a person's conversations: connecting, the unread total, presence and the
list for somebody in many large groups, beside somebody in as many groups of two."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from statistics import median

import pytest
import pytest_asyncio
from django.db import DEFAULT_DB_ALIAS, connections

from messaging.domain.identifiers import derived_id
from messaging.domain.uncounted import ALL_COUNTED, Uncounted
from messaging.models import ConversationRecord, ParticipantRecord, ReadPositionRecord
from messaging.runtime.instance import Instance
from tests.benchmarks.own_reads import ACTS, Act
from tests.instances import new_instance

VICTIM, OTHER = "victim", "other"
MOST = 1.5
MAX_FOR_DELETED = 2.0
"""Each range cost its maker a send and a deletion."""


@pytest_asyncio.fixture
async def instance(transactional_db: None) -> AsyncIterator[Instance]:
    async with new_instance() as instance:
        yield instance


def seed(groups: int, people: int, user_id: str, *, deleted: Uncounted = ALL_COUNTED) -> None:
    """Groups of one person and others, as the store writes them, with 1,000 messages each."""
    at = datetime.now(UTC)
    for number in range(groups):
        group = derived_id("group", user_id, str(number))
        names = [user_id, *(f"{user_id}-{n}" for n in range(people - 1))]
        ConversationRecord.objects.create(
            id=group,
            kind="group",
            title="Tea",
            seq=1_000,
            version=1_000,
            uncounted=deleted.encoded,
            **dict.fromkeys(("created_at", "updated_at", "active_at"), at),
            revision=number,
            commit_id=group,
            counted_commit_id=group,
            participant_count=people,
        )
        ParticipantRecord.objects.bulk_create(
            ParticipantRecord(
                conversation_id=group,
                user_id=name,
                role="member",
                joined_version=0,
                position=position,
            )
            for position, name in enumerate(names)
        )
        ReadPositionRecord.objects.create(conversation_id=group, user_id=user_id)


async def seconds(instance: Instance, act: Act, user_id: str) -> float:
    begun = time.perf_counter()
    await act(instance, user_id)
    return time.perf_counter() - begun


async def ratios(instance: Instance, rounds: int) -> dict[str, tuple[float, float, float]]:
    """Of each act the median seconds of both, in turns, and the median ratio of the rounds."""
    found = {}
    for name, act in ACTS.items():
        for user_id in (VICTIM, OTHER):
            await act(instance, user_id)
        pairs = [
            (await seconds(instance, act, VICTIM), await seconds(instance, act, OTHER))
            for _ in range(rounds)
        ]
        victims, others = zip(*pairs, strict=True)
        found[name] = (median(victims), median(others), median(a / b for a, b in pairs))
    return found


@pytest.mark.benchmark
async def test_hostile_groups(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    """1,000 groups of 1,000 people cost their victim at most 1.5 times what 1,000 groups of two
    cost."""
    await instance.start()
    await asyncio.to_thread(_seed_all, 1_000, 1_000)
    found = await ratios(instance, rounds=9)

    with capsys.disabled():
        print("\nIn 1,000 groups of 1,000 and of 2 people; SQLite, median of 9 rounds in turns:")
        _print(found)
    assert all(ratio <= MOST for _, _, ratio in found.values())


@pytest.mark.benchmark
async def test_deleted_messages(instance: Instance, capsys: pytest.CaptureFixture[str]) -> None:
    """The most ranges of deleted messages in each group cost at most twice what none cost."""
    await instance.start()
    await asyncio.to_thread(_seed_all, 1_000, 2, ALL_COUNTED.including(range(2, 1_001, 2)))
    found = await ratios(instance, rounds=9)

    with capsys.disabled():
        print("\nIn 1,000 groups with 500 ranges of deleted messages, and with none; SQLite:")
        _print(found)
    assert all(ratio <= MAX_FOR_DELETED for _, _, ratio in found.values())


def _print(found: Mapping[str, tuple[float, float, float]]) -> None:
    for name, (victim, other, ratio) in found.items():
        print(f"  {name:<16}{victim * 1e3:>7.1f} ms {other * 1e3:>7.1f} ms  {ratio:.2f} ×")


async def test_hostile_groups_in_short(instance: Instance) -> None:
    """The same in little, without a look at the time."""
    await instance.start()
    await asyncio.to_thread(_seed_all, 5, 60)

    assert (await ratios(instance, rounds=1)).keys() == ACTS.keys()


def _seed_all(groups: int, people: int, deleted: Uncounted = ALL_COUNTED) -> None:
    seed(groups, people, VICTIM, deleted=deleted)
    seed(groups, 2, OTHER)
    connections[DEFAULT_DB_ALIAS].close()
