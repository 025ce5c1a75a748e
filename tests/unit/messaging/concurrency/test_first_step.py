"""The first step of a coroutine, run by hand."""

import asyncio

import pytest

from messaging.concurrency.first_step import within


async def test_what_never_waits_needs_no_time() -> None:
    async def at_once() -> int:
        return 7

    assert await within(at_once(), 0.0) == 7


async def test_what_waits_goes_on_in_the_same_task() -> None:
    async def waiting() -> tuple[object, object]:
        before = asyncio.current_task()
        for _ in range(3):
            await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await asyncio.sleep(0.001)
        return before, asyncio.current_task()

    task = asyncio.current_task()
    for seconds in (30.0, None):
        assert await within(waiting(), seconds) == (task, task)


@pytest.mark.parametrize("steps", [0, 1])
async def test_an_error_is_raised(steps: int) -> None:
    async def failing() -> None:
        for _ in range(steps):
            await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        await within(failing(), 30.0)


async def test_what_waits_too_long_is_cancelled() -> None:
    """And may clean up, with awaits of its own."""
    ended = []

    async def hang() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.Event().wait())
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        await within(hang(), 0.01)
    assert ended == ["cancelled"]


async def test_a_cancellation_reaches_it() -> None:
    entered, ended = asyncio.Event(), []

    async def hang() -> None:
        try:
            entered.set()
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    task = asyncio.create_task(within(hang(), None))
    await entered.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["cleaned up"]
