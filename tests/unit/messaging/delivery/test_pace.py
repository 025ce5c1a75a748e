"""What a person tells of themselves again and again goes out at once, then with the latest."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from messaging.delivery.pace import Pace
from messaging.domain.exceptions import StoreUnavailable

LONG = 3_600.0


class Told:
    """What was published, in order."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self.open = asyncio.Event()
        self.open.set()

    async def tell(self, value: int) -> None:
        await self.open.wait()
        self.values.append(value)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.001)


async def test_the_first_at_once_and_the_latest_at_the_end() -> None:
    """Nothing of what is in between; and nothing is lost when the instance stops."""
    told, pace = Told(), Pace(seconds=LONG)
    for value in range(100):
        await pace.publish(("read", "group", "ann"), partial(told.tell, value))
    assert told.values == [0]

    await pace.stop()

    assert told.values == [0, 99]
    assert len(pace) == 0


async def test_the_latest_comes_by_itself() -> None:
    """After the second; when nothing came for a second, nothing is remembered."""
    told, pace = Told(), Pace(seconds=0.01)
    for value in range(10):
        await pace.publish(("read", "group", "ann"), partial(told.tell, value))
    await until(lambda: told.values == [0, 9])
    await until(lambda: len(pace) == 0)
    await pace.publish(("read", "group", "ann"), partial(told.tell, 10))
    assert told.values == [0, 9, 10]
    await pace.stop()


async def test_others_do_not_wait() -> None:
    """Each person, each conversation and each kind has its own second."""
    told, pace = Told(), Pace(seconds=LONG)
    keys = [
        ("read", "group", "ann"),
        ("delivered", "group", "ann"),
        ("read", "other", "ann"),
        ("read", "group", "bob"),
    ]
    for value, key in enumerate(keys):
        await pace.publish(key, partial(told.tell, value))
    assert told.values == [0, 1, 2, 3]
    await pace.stop()


async def test_a_slow_one_is_not_overtaken() -> None:
    """What comes while the first is being published is told after it."""
    told, pace = Told(), Pace(seconds=0.01)
    told.open.clear()
    first = asyncio.create_task(pace.publish(("read", "g", "ann"), partial(told.tell, 1)))
    await asyncio.sleep(0)
    await pace.publish(("read", "g", "ann"), partial(told.tell, 2))
    told.open.set()
    await first
    await until(lambda: told.values == [1, 2])
    await pace.stop()


async def test_the_one_whose_socket_closes_is_told_later() -> None:
    """It is cancelled with the command that it came from."""
    told, pace = Told(), Pace(seconds=0.01)
    told.open.clear()
    first = asyncio.create_task(pace.publish(("read", "g", "ann"), partial(told.tell, 1)))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    told.open.set()
    await until(lambda: told.values == [1])
    await pace.stop()


async def test_the_map_is_bounded() -> None:
    """Where more are under way the oldest are told early: late is the only thing they lose."""
    told, pace = Told(), Pace(seconds=LONG, most=3)
    for person in range(3):
        for value in (10 * person, 10 * person + 1):
            await pace.publish(("read", "group", str(person)), partial(told.tell, value))
    assert told.values == [0, 10, 20]

    for person in (3, 4):
        await pace.publish(("read", "group", str(person)), partial(told.tell, 10 * person))

    assert len(pace) == 3
    await until(lambda: sorted(told.values) == [0, 1, 10, 11, 20, 30, 40])
    await pace.stop()
    assert sorted(told.values) == [0, 1, 10, 11, 20, 21, 30, 40]


async def test_a_fault_in_the_latest_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for its answer; the next one goes on."""
    told, pace = Told(), Pace(seconds=0.01)

    async def fails() -> None:
        raise RuntimeError

    await pace.publish(("read", "group", "ann"), partial(told.tell, 1))
    await pace.publish(("read", "group", "ann"), fails)
    await until(lambda: "receipt.not_published" in caplog.text)
    await pace.publish(("read", "group", "ann"), partial(told.tell, 2))
    await pace.stop()
    assert told.values == [1, 2]


async def test_what_is_forgotten_while_another_is_published_is_not_told() -> None:
    """The store was restored meanwhile: what waits is of a history that is gone."""
    told, pace = Told(), Pace(seconds=LONG)
    told.open.clear()
    first = asyncio.create_task(pace.publish(("read", "group", "ann"), partial(told.tell, 0)))
    await until(lambda: len(pace) == 1)
    await pace.publish(("read", "group", "ann"), partial(told.tell, 1))

    pace.clear()
    told.open.set()
    await first
    await pace.stop()

    assert told.values == [0]


async def test_the_end_does_not_wait_for_what_hangs() -> None:
    told, pace = Told(), Pace(seconds=LONG)
    await pace.publish(("read", "group", "ann"), partial(told.tell, 0))
    told.open.clear()
    await pace.publish(("read", "group", "ann"), partial(told.tell, 1))

    async with asyncio.timeout(10):
        await pace.stop(seconds=0.01)

    assert told.values == [0]


class Away:
    """A store that does not answer some of the first calls."""

    def __init__(self, told: Told, calls: int) -> None:
        self._told = told
        self._calls = calls

    async def tell(self, value: int) -> None:
        if self._calls:
            self._calls -= 1
            raise StoreUnavailable
        await self._told.tell(value)


async def test_what_the_store_does_not_answer_is_told_when_it_does() -> None:
    """The position is stored, so the client does not send it again."""
    told, pace = Told(), Pace(seconds=0.01)
    away = Away(told, calls=3)
    await pace.publish(("read", "group", "ann"), partial(away.tell, 1))
    assert told.values == []

    await until(lambda: told.values == [1])
    await until(lambda: len(pace) == 0)
    await pace.stop()


async def test_a_later_one_takes_the_place_of_what_failed() -> None:
    told, pace = Told(), Pace(seconds=0.01)
    away = Away(told, calls=1)
    await pace.publish(("read", "group", "ann"), partial(away.tell, 1))
    await pace.publish(("read", "group", "ann"), partial(away.tell, 2))

    await until(lambda: len(pace) == 0)

    assert told.values == [2]


async def test_a_store_that_stays_away_does_not_keep_the_instance_running() -> None:
    """Nor is what failed before a restore told after it."""
    told, pace = Told(), Pace(seconds=LONG)
    away = Away(told, calls=100)
    for person in ("ann", "bob"):
        await pace.publish(("read", "group", person), partial(away.tell, 1))
    pace.clear()
    await pace.publish(("read", "group", "cid"), partial(away.tell, 1))

    async with asyncio.timeout(10):
        await pace.stop()

    assert told.values == []
    assert len(pace) == 0
