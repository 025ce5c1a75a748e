"""Background tasks of one owner."""

import asyncio

import pytest

from messaging.concurrency.tasks import TaskSet


async def test_joining_waits_for_tasks_started_meanwhile() -> None:
    tasks: TaskSet[None] = TaskSet()
    ended = []

    async def work(generations: int) -> None:
        await asyncio.sleep(0)
        if generations:
            tasks.start(work(generations - 1))
        ended.append(generations)

    tasks.start(work(3))
    await tasks.join()

    assert (ended, len(tasks)) == ([3, 2, 1, 0], 0)


async def test_stopping_cancels_what_a_cancelled_task_starts() -> None:
    tasks: TaskSet[None] = TaskSet()
    cancelled = []

    async def wait_for_ever(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(number)
            if number == 1:
                tasks.start(wait_for_ever(2))
                await asyncio.sleep(0)

    tasks.start(wait_for_ever(1))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await tasks.stop()

    assert (sorted(cancelled), len(tasks)) == ([1, 2], 0)


async def test_stopping_right_after_a_task_ended_returns() -> None:
    """The task has ended, and its entry is not removed yet."""
    tasks: TaskSet[int] = TaskSet()
    task = tasks.start(asyncio.sleep(0, result=7))
    while not task.done():
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await tasks.stop()

    assert (task.result(), len(tasks)) == (7, 0)


async def test_a_failed_task_is_forgotten() -> None:
    tasks: TaskSet[None] = TaskSet()

    async def fail() -> None:
        raise ValueError("planted")

    task = tasks.start(fail())
    await tasks.join()

    assert len(tasks) == 0
    with pytest.raises(ValueError, match="planted"):
        task.result()


async def test_what_is_carried_through_outlives_its_caller() -> None:
    """It is one of the tasks, and whoever stays gets its result."""
    tasks: TaskSet[None] = TaskSet()
    wanted = asyncio.Event()
    ended = []

    async def work(result: int) -> int:
        await wanted.wait()
        ended.append(result)
        return result

    gone, patient = (asyncio.create_task(tasks.carry_through(work(result))) for result in (1, 2))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    wanted.set()

    assert await patient == 2
    await tasks.join()
    assert (ended, len(tasks)) == ([1, 2], 0)
