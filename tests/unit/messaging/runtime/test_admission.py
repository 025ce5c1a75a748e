"""Admission: a few at a time, in the order of their coming, and not for ever."""

import asyncio

import pytest

from messaging.domain.exceptions import StoreUnavailable
from messaging.runtime import admission
from messaging.runtime.admission import Admission

PLACES = 16


class Crowd:
    """People who take a place each, and keep it until they are told to leave."""

    def __init__(self, places: Admission) -> None:
        self._places = places
        self.entered: list[int] = []
        self.inside: set[int] = set()
        self.leave = asyncio.Semaphore(0)

    async def come(self, number: int) -> None:
        async with self._places.place():
            self.entered.append(number)
            self.inside.add(number)
            await self.leave.acquire()
            self.inside.discard(number)


async def steps() -> None:
    """Let everybody go as far as they get."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_first_come_first_served() -> None:
    """So many at a time; each that leaves makes room for the next."""
    crowd = Crowd(Admission(PLACES))
    coming = [asyncio.create_task(crowd.come(number)) for number in range(100)]
    await steps()
    assert crowd.entered == [*range(PLACES)]

    for _ in range(100):
        crowd.leave.release()
        await steps()
        assert len(crowd.inside) <= PLACES

    await asyncio.gather(*coming)
    assert crowd.entered == [*range(100)]


async def test_whoever_leaves_the_queue_takes_no_place() -> None:
    """Those behind come in as if it had not been there."""
    crowd = Crowd(Admission(PLACES))
    coming = [asyncio.create_task(crowd.come(number)) for number in range(PLACES + 3)]
    await steps()
    for task in coming[PLACES : PLACES + 2]:
        task.cancel()
    await steps()

    crowd.leave.release()
    await steps()

    assert crowd.entered == [*range(PLACES), PLACES + 2]
    for task in coming:
        task.cancel()
    await asyncio.gather(*coming, return_exceptions=True)


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told to come back, and the next ones find the places as they are."""
    monkeypatch.setattr(admission, "_PATIENCE_SECONDS", 0.05)
    places = Admission(PLACES)
    crowd = Crowd(places)
    inside = [asyncio.create_task(crowd.come(number)) for number in range(PLACES)]
    await steps()

    with pytest.raises(StoreUnavailable):
        await crowd.come(PLACES)

    crowd.leave.release()
    await asyncio.wait(inside, return_when=asyncio.FIRST_COMPLETED)
    inside.append(asyncio.create_task(crowd.come(PLACES + 1)))
    await steps()
    assert PLACES + 1 in crowd.inside
    for task in inside:
        task.cancel()
    await asyncio.gather(*inside, return_exceptions=True)


async def test_who_comes_when_too_many_wait_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And waits for nothing."""
    monkeypatch.setattr(admission, "_MAX_WAITING", 10)
    crowd = Crowd(Admission(PLACES))
    coming = [asyncio.create_task(crowd.come(number)) for number in range(PLACES + 11)]
    await steps()

    assert [task.done() for task in coming] == [False] * (PLACES + 10) + [True]
    assert isinstance(coming[-1].exception(), StoreUnavailable)
    for task in coming:
        task.cancel()
    await asyncio.gather(*coming, return_exceptions=True)


async def test_one_reading_for_all_who_want_it() -> None:
    """Who asks while it goes on shares it, also when the first who asked is gone; who asks
    later reads anew."""
    places = Admission(PLACES)
    reads = 0
    may_end = asyncio.Event()

    async def read() -> int:
        nonlocal reads
        reads += 1
        await may_end.wait()
        return reads

    asking = [asyncio.create_task(places.share("ann", read)) for _ in range(3)]
    await steps()
    asking[0].cancel()
    await steps()
    asking.append(asyncio.create_task(places.share("ann", read)))
    other = asyncio.create_task(places.share("bob", read))
    await steps()
    may_end.set()

    assert await asyncio.gather(*asking[1:]) == [2, 2, 2]
    assert await other == 2
    assert await places.share("ann", read) == 3


async def test_a_reading_that_fails_fails_for_all() -> None:
    """And is not kept."""
    places = Admission(PLACES)

    async def fail() -> int:
        await asyncio.sleep(0)
        raise StoreUnavailable

    async def read() -> int:
        return 1

    answers = await asyncio.gather(
        *(places.share("ann", fail) for _ in range(2)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
    assert await places.share("ann", read) == 1
