"""Turns: few of one key are carried out at once; the others wait in order, and not too many."""

import asyncio
import random
import time

import pytest

from messaging.concurrency.turns import Turns
from messaging.domain.exceptions import RateLimited, StoreUnavailable
from tests.moments import lapse


class Work:
    """Acts under a key, each until it is let go; what began, in its order."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.begun: list[int] = []
        self.gates: dict[int, asyncio.Event] = {}

    def start(self, key: str, number: int) -> "asyncio.Task[None]":
        self.gates[number] = asyncio.Event()
        return asyncio.create_task(self._act(key, number))

    async def _act(self, key: str, number: int) -> None:
        async with self._turns.turn(key):
            self.begun.append(number)
            await self.gates[number].wait()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def begun(work: Work, *numbers: int) -> None:
    async with asyncio.timeout(5):
        while work.begun != list(numbers):
            await asyncio.sleep(0.001)


async def test_more_than_the_places_wait_in_their_order() -> None:
    work = Work(Turns(places=2, most_waiting=10))
    tasks = [work.start("ann", number) for number in range(4)]
    await settled()
    assert work.begun == [0, 1]

    work.gates[1].set()
    await begun(work, 0, 1, 2)
    work.gates[0].set()
    await begun(work, 0, 1, 2, 3)
    for gate in work.gates.values():
        gate.set()
    await asyncio.gather(*tasks)


async def test_keys_do_not_wait_for_each_other() -> None:
    work = Work(Turns(places=1, most_waiting=10))
    tasks = [work.start("ann", 1), work.start("ann", 2), work.start("bob", 3)]
    await settled()

    assert work.begun == [1, 3]

    for gate in work.gates.values():
        gate.set()
    await asyncio.gather(*tasks)


async def test_the_newest_may_go_first() -> None:
    work = Work(Turns(places=1, most_waiting=9, newest_first=True))
    tasks = [work.start("ann", number) for number in (1, 2, 3)]
    await settled()

    for gate in work.gates.values():
        gate.set()
    await asyncio.gather(*tasks)

    assert work.begun == [1, 3, 2]


async def test_too_many_that_wait_are_refused() -> None:
    turns = Turns(places=1, most_waiting=1)
    work = Work(turns)
    tasks = [work.start("ann", 1), work.start("ann", 2)]
    await settled()

    with pytest.raises(RateLimited):
        async with turns.turn("ann"):
            pass

    for gate in work.gates.values():
        gate.set()
    await asyncio.gather(*tasks)


async def test_a_refusal_takes_time_and_no_place() -> None:
    """At most fifty of one key a second, however many come at once; other keys, and those who
    wait already, do not wait for them."""
    turns = Turns(places=1, most_waiting=1)
    work = Work(turns)
    tasks = [work.start("ann", 1), work.start("ann", 2)]
    await settled()
    assert turns.is_full("ann")
    assert not turns.is_full("bob")
    begun_at = time.monotonic()
    seconds: list[float] = []

    async def refused() -> None:
        with pytest.raises(RateLimited):
            async with turns.turn("ann"):
                pass
        seconds.append(time.monotonic() - begun_at)

    refusals = [asyncio.create_task(refused()) for _ in range(30)]
    await settled()
    tasks.append(work.start("bob", 3))
    work.gates[1].set()
    await begun(work, 1, 3, 2)
    await asyncio.gather(*refusals)

    assert min(seconds) >= 0.1
    assert max(seconds) >= 0.1 + 29 * 0.02
    for gate in work.gates.values():
        gate.set()
    await asyncio.gather(*tasks)


async def test_who_leaves_while_being_refused_is_forgotten() -> None:
    turns = Turns(places=1, most_waiting=0)
    work = Work(turns)
    first = work.start("ann", 1)
    await settled()

    async def enter() -> None:
        async with turns.turn("ann"):
            pass

    refused = asyncio.create_task(enter())
    await settled()
    refused.cancel()
    work.gates[1].set()
    await asyncio.gather(first, refused, return_exceptions=True)

    async with asyncio.timeout(5):
        while turns.is_full("ann"):
            await asyncio.sleep(0.001)
    await enter()


async def test_whoever_gives_up_waiting_leaves_the_line() -> None:
    work = Work(Turns(places=1, most_waiting=10))
    tasks = [work.start("ann", number) for number in range(3)]
    await settled()

    tasks[1].cancel()
    work.gates[0].set()

    await begun(work, 0, 2)
    work.gates[2].set()
    await asyncio.gather(tasks[0], tasks[2])


@pytest.mark.parametrize("seed", range(5))
async def test_no_place_is_lost_whenever_somebody_is_cancelled(seed: int) -> None:
    """While waiting, when the place has just been given, or having it."""
    chance = random.Random(seed)
    turns = Turns(places=2, most_waiting=1_000)
    finished = 0

    async def act() -> None:
        nonlocal finished
        async with turns.turn("ann"):
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
        finished += 1

    tasks = [asyncio.create_task(act()) for _ in range(200)]
    cancelled = chance.sample(tasks, 120)
    while cancelled:
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        cancelled.pop().cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks, return_exceptions=True)
        assert finished == sum(not task.cancelled() for task in tasks) >= 80

        work = Work(turns)
        both = [work.start("ann", 1), work.start("ann", 2)]
        await begun(work, 1, 2)
    for gate in work.gates.values():
        gate.set()
    await asyncio.gather(*both)


async def test_those_who_wait_too_long_are_refused_and_leave_the_line() -> None:
    turns = Turns(places=1, most_waiting=10, patience=0.05)
    work = Work(turns)
    first = work.start("ann", 1)
    await begun(work, 1)
    waiting = [work.start("ann", number) for number in (2, 3)]

    answers = await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
    work.gates[1].set()
    await first
    last = work.start("ann", 4)
    await begun(work, 1, 4)
    work.gates[4].set()
    await last


async def test_a_place_rests_only_where_it_is_said_so() -> None:
    """Without a rest the next one begins in the step in which the place is left."""
    work = Work(Turns(places=1, most_waiting=10, rest=0))
    tasks = [work.start("ann", number) for number in range(2)]
    await settled()

    work.gates[0].set()
    await tasks[0]
    await settled()

    assert work.begun == [0, 1]
    work.gates[1].set()
    await tasks[1]


async def test_who_waited_for_the_store_does_not_rest() -> None:
    """The event loop did not work meanwhile, however long that was."""
    work = Work(Turns(places=1, most_waiting=10, clock=lambda: 5.0))
    tasks = [work.start("ann", number) for number in range(2)]
    await settled()
    await lapse(0.05)

    work.gates[0].set()
    await tasks[0]
    await settled()

    assert work.begun == [0, 1]
    work.gates[1].set()
    await tasks[1]


def test_a_place_of_an_event_loop_that_was_closed_is_free() -> None:
    """The timer that ends a rest is gone with its loop: a place would stay taken for ever."""
    turns = Turns(places=1, most_waiting=0)

    async def take() -> None:
        async with asyncio.timeout(5), turns.turn("ann"):
            time.sleep(0.001)

    for _ in range(3):
        asyncio.run(take())

    assert not turns.is_full("ann")


async def test_work_keeps_its_place_when_its_caller_has_gone() -> None:
    """A thread works on. The next of the same person waits for it."""
    turns = Turns(places=1, most_waiting=10, rest=0)
    begun_works: list[int] = []
    gate = asyncio.Event()

    async def work(number: int) -> int:
        begun_works.append(number)
        await gate.wait()
        if number == 1:
            raise ValueError("nobody waits for it")
        return number

    callers = [
        asyncio.create_task(turns.run("ann", lambda number=number: work(number)))  # type: ignore[misc]
        for number in (1, 2, 3)
    ]
    await settled()
    callers[0].cancel()
    callers[1].cancel()  # it waits, and withdraws
    await asyncio.wait(callers[:2], timeout=5)
    await settled()
    assert [one.cancelled() for one in callers[:2]] == [True, True]
    assert begun_works == [1]

    gate.set()
    async with asyncio.timeout(5):
        assert await callers[2] == 3
    assert begun_works == [1, 3]
    assert not turns.is_full("ann")
