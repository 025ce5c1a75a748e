"""A loop goes on, whatever one of its steps raises."""

import asyncio

import pytest

from messaging.concurrency.loops import repeat
from messaging.concurrency.tasks import start_task, stop_tasks

OUTCOMES = (True, False, False, False, True, False, True)


async def test_a_loop_logs_each_outage_once_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """It says so again after a step that succeeded."""
    outcomes = iter(OUTCOMES)
    left = len(OUTCOMES)

    async def step() -> None:
        nonlocal left
        left -= 1
        if not next(outcomes):
            raise ValueError

    async with asyncio.timeout(30):
        await repeat(step, failed="part.failed", pause=0.0, during=lambda: left)

    assert left == 0
    assert [str(record.msg).count("part.failed") for record in caplog.records] == [1, 1]


async def test_a_cancelled_loop_ends() -> None:
    begun = asyncio.Event()

    async def step() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = start_task(repeat(step, failed="part.failed"))
    async with asyncio.timeout(30):
        await begun.wait()
        await stop_tasks(task)

    assert task.cancelled()
