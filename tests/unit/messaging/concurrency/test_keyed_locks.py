"""Locks by key."""

import asyncio

from messaging.concurrency.keyed_locks import KeyedLocks


async def test_acts_of_one_key_follow_each_other() -> None:
    """Those of another key go on meanwhile."""
    locks: KeyedLocks[str] = KeyedLocks()
    order: list[str] = []
    free = asyncio.Event()

    async def act(key: str, name: str, wait: bool) -> None:
        async with locks.of(key):
            order.append(f"{name} begins")
            if wait:
                await free.wait()
            order.append(f"{name} ends")

    first = asyncio.create_task(act("a", "first", wait=True))
    second = asyncio.create_task(act("a", "second", wait=False))
    await act("b", "other", wait=False)
    free.set()
    await asyncio.gather(first, second)

    assert order.index("first ends") < order.index("second begins")
    assert order.index("other ends") < order.index("first ends")


async def test_a_lock_that_nobody_uses_is_dropped() -> None:
    locks: KeyedLocks[int] = KeyedLocks()
    for key in range(100):
        async with locks.of(key):
            assert len(locks) == 1

    assert len(locks) == 0
