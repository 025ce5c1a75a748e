"""Commits that were given up are looked at again."""

import asyncio
from collections.abc import Iterator

import pytest

from messaging.commits import unsettled_commits as doubts_module
from messaging.commits.unsettled_commits import UnsettledCommits
from messaging.concurrency import retries
from messaging.domain.conversation import Conversation
from messaging.domain.exceptions import StoreUnavailable
from tests.unit.messaging import new_group


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubts_module, "_MARGIN_SECONDS", 0.01)
    monkeypatch.setattr(retries, "RETRY_SECONDS", 0.01)


async def test_the_look_is_repeated_until_the_store_answers() -> None:
    found: asyncio.Queue[Conversation] = asyncio.Queue()
    doubts = UnsettledCommits(timeout=0, on_found=found.put_nowait)
    group = new_group("ann")
    answers: Iterator[Exception | Conversation] = iter(
        [StoreUnavailable(), StoreUnavailable(), group]
    )

    async def look() -> Conversation | None:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    doubts.add(look)
    assert len(doubts) == 1

    async with asyncio.timeout(10):
        assert await found.get() is group
        while doubts:
            await asyncio.sleep(0)


async def test_what_never_came_to_be_is_nobodys_news() -> None:
    found: list[Conversation] = []
    doubts = UnsettledCommits(timeout=0, on_found=found.append)

    async def look() -> None:
        return None

    doubts.add(look)
    async with asyncio.timeout(10):
        while doubts:
            await asyncio.sleep(0.01)

    assert found == []
