"""The line in front of the password hash: one at a time, operators before those who guess."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chat.limits.sign_in_line import SignInLine
from messaging.domain.exceptions import RateLimited
from tests.moments import lapse

WAITING = 8


class Attempts:
    """Attempts in one line; who had the place, in order."""

    def __init__(self) -> None:
        self.line = SignInLine()
        self.order: list[str] = []

    async def attempt(self, key: str, *, known: bool = False, right: bool = False) -> None:
        async with self.line.place(key, known=known) as attempt:
            self.order.append(key)
            attempt.failed = not right

    def begin(self, key: str, *, known: bool = False) -> "asyncio.Task[None]":
        return asyncio.create_task(self.attempt(key, known=known))

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Somebody else has the place."""
        async with self.line.place("first", known=False) as attempt:
            yield
            attempt.failed = False


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_address_that_failed_least_often_goes_first() -> None:
    """Then whoever came first; a known browser goes before all of them."""
    attempts = Attempts()
    for key in ("twice", "twice", "once"):
        await attempts.attempt(key)
    attempts.order.clear()

    async with attempts.held():
        tasks = [attempts.begin(key) for key in ("twice", "once", "never", "new")]
        tasks.append(attempts.begin("browser", known=True))
        await settled()
    await asyncio.gather(*tasks)

    assert attempts.order == ["browser", "never", "new", "once", "twice"]


async def test_a_known_browser_that_fails_again_and_again_is_a_stranger() -> None:
    attempts = Attempts()
    for _ in range(5):
        await attempts.attempt("browser", known=True)
    attempts.order.clear()

    async with attempts.held():
        tasks = [attempts.begin("browser", known=True), attempts.begin("new")]
        await settled()
    await asyncio.gather(*tasks)

    assert attempts.order == ["new", "browser"]


async def test_a_full_line_refuses_the_last_in_its_order() -> None:
    """It may have come before the one that takes its place."""
    attempts = Attempts()
    await attempts.attempt("failed")
    async with attempts.held():
        failed = attempts.begin("failed")
        await settled()
        tasks = [attempts.begin(f"new-{number}") for number in range(WAITING)]
        await settled()

        with pytest.raises(RateLimited):
            await failed
        with pytest.raises(RateLimited):
            await attempts.attempt("late")
        operator = attempts.begin("browser", known=True)
        await settled()
    await operator
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [type(None)] * 7 + [RateLimited]


async def test_who_leaves_the_line_holds_up_nobody() -> None:
    attempts = Attempts()
    async with attempts.held():
        left, stays = attempts.begin("left"), attempts.begin("stays")
        await settled()
        left.cancel()
        await settled()
    async with asyncio.timeout(10):
        await stays

    assert attempts.order == ["stays"]


async def test_who_is_refused_and_leaves_in_the_same_step_gives_no_place_back() -> None:
    """It never had one. Otherwise two would hash at once from then on."""
    attempts = Attempts()
    await attempts.attempt("failed")
    attempts.order.clear()
    async with attempts.held():
        last = attempts.begin("failed")
        others = [attempts.begin(f"new-{number}") for number in range(WAITING - 1)]
        await settled()

        operator = attempts.begin("browser", known=True)
        asyncio.get_running_loop().call_soon(last.cancel)  # once the operator is in its place
        await settled()

        assert last.cancelled()
        assert attempts.order == []
    async with asyncio.timeout(10):
        await asyncio.gather(operator, *others)
    assert attempts.order[0] == "browser"


async def test_the_place_rests_after_a_failure_alone() -> None:
    """For longer than the attempt took."""
    attempts = Attempts()
    loop = asyncio.get_running_loop()

    async with attempts.line.place("wrong", known=False):
        await lapse(0.05)
    begun = loop.time()
    await attempts.attempt("right", right=True)
    assert loop.time() - begun >= 0.09

    following = asyncio.create_task(attempts.attempt("next"))
    await settled()
    assert following.done()
    await following
