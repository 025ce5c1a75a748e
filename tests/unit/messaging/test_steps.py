"""A long list leaves room for others."""

import asyncio

from messaging.concurrency.steps import in_steps


async def test_others_run_after_each_step() -> None:
    """Once for each, and nothing is left out."""
    log: list[str] = []

    async def other() -> None:
        while len(log) < 20:
            log.append("other")
            await asyncio.sleep(0)

    running = asyncio.create_task(other())
    await asyncio.sleep(0)
    seen = []
    async for number in in_steps(range(7), size=3):
        seen.append(number)
        log.append("item")
    running.cancel()

    assert seen == list(range(7))
    assert log == ["other", *["item"] * 3, "other", *["item"] * 3, "other", "item"]


async def test_nothing_waits_for_a_short_list() -> None:
    """One step needs no pause."""
    log: list[str] = []
    asyncio.get_running_loop().call_soon(log.append, "other")
    log += ["item" async for _ in in_steps(range(3), size=3)]
    assert log == ["item"] * 3
