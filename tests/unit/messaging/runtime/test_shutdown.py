"""The deadline of a shutdown, and what the goodbye depends on."""

import asyncio

import pytest

from messaging.concurrency.tasks import TaskSet
from messaging.runtime.instance import Instance
from messaging.runtime.shutdown import Shutdown


def a_shutdown(*, seconds: float = 10.0) -> Shutdown:
    instance = Instance()
    return Shutdown(
        connections=instance.hub.connections,
        events=instance.events,
        writer=instance.writer,
        read_positions=instance.read_positions,
        background=TaskSet(),
        seconds=seconds,
    )


async def hang() -> None:
    await asyncio.Event().wait()


async def finish() -> bool:
    return True


async def test_parts_that_hang_share_one_deadline() -> None:
    """Each is cut off, and the last one still gets its turn."""
    shutdown = a_shutdown(seconds=0.2)
    stopped = []

    async def last() -> None:
        stopped.append("last")

    await shutdown.drain()
    await shutdown.finish_work()
    assert shutdown.complete

    for name in ("first", "second", "third"):
        await shutdown.stop_part(name, hang)
    await shutdown.stop_part("last", last, last=True)

    assert stopped == ["last"]
    assert not shutdown.complete


async def test_work_is_unfinished_after_a_part_has_failed_to_stop() -> None:
    shutdown = a_shutdown()

    async def fail() -> None:
        raise RuntimeError

    await shutdown.drain()
    await shutdown.finish_work()
    await shutdown.stop_part("sound", finish)
    assert shutdown.complete

    with pytest.raises(RuntimeError):
        await shutdown.stop_part("failing", fail)

    assert not shutdown.complete


async def test_work_is_unfinished_if_a_part_says_so() -> None:
    shutdown = a_shutdown()

    async def leave() -> bool:
        return False

    await shutdown.finish_work()
    await shutdown.stop_part("leaving", leave)
    await shutdown.stop_part("sound", finish)

    assert not shutdown.complete


async def test_every_caller_waits_for_the_same_drain() -> None:
    instance = Instance()
    ended: list[str] = []
    begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await may_go_on.wait()
        ended.append("work")

    background: TaskSet[None] = TaskSet()
    background.start(work())
    shutdown = Shutdown(
        connections=instance.hub.connections,
        events=instance.events,
        writer=instance.writer,
        read_positions=instance.read_positions,
        background=background,
    )

    async def drain() -> None:
        await shutdown.drain()
        ended.append("drain")

    drains = [asyncio.create_task(drain()) for _ in range(2)]
    await begun.wait()
    await asyncio.sleep(0)  # both wait now
    may_go_on.set()
    await asyncio.gather(*drains)

    assert ended == ["work", "drain", "drain"]
