"""The flag that sockets wait for."""

import asyncio

from messaging.concurrency.flag import Flag


async def test_waiting_ends_when_the_flag_is_set() -> None:
    """For everyone who waits, and at once for those who come later."""
    flag = Flag()
    waiting = [asyncio.create_task(flag.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)

    flag.set()
    flag.clear()
    await asyncio.gather(*waiting)

    flag.set()
    assert flag.is_set()
    await flag.wait()


async def test_a_cancelled_wait_leaves_the_others() -> None:
    flag = Flag()
    first, second = (asyncio.create_task(flag.wait()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])

    flag.set()
    await second

    assert first.cancelled()
