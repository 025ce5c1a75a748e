"""Readiness: when the store is asked, and what its clock tells."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from messaging.doctor.store import clock
from messaging.domain.exceptions import StoreUnavailable
from messaging.domain.health import Condition
from messaging.runtime import readiness as module
from messaging.runtime.readiness import Readiness
from tests.moments import lapse


class Answers:
    """A store's answers."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.ahead = timedelta()
        self.condition = Condition.OK
        self.seconds_since_answer = 1_000.0

    async def now(self) -> datetime:
        self.asked += 1
        await asyncio.sleep(0)
        if self.fails:
            raise StoreUnavailable
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def readiness(answers: Answers) -> Readiness:
    return Readiness(answers)


async def test_probes_share_one_read(answers: Answers, readiness: Readiness) -> None:
    """However many ask, at once or within seconds."""
    found = await asyncio.gather(*(readiness.store() for _ in range(50)))

    assert set(found) == {Condition.OK}
    assert await readiness.store() is Condition.OK
    assert answers.asked == 1


async def test_who_comes_during_the_first_read_waits_for_it(
    answers: Answers, readiness: Readiness
) -> None:
    first = asyncio.create_task(readiness.store())
    while answers.asked == 0:
        await asyncio.sleep(0)

    assert await readiness.store() is Condition.OK
    await first
    assert answers.asked == 1


async def test_an_answer_grows_old(
    answers: Answers, readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    await readiness.store()
    answers.fails = True

    assert await readiness.store() is Condition.UNAVAILABLE
    assert answers.asked == 2


async def test_what_real_calls_found_out_counts(
    answers: Answers, readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that answered a moment ago is not asked; one whose breaker is open is away."""
    await readiness.store()
    answers.seconds_since_answer = 0.0
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.001)
    await lapse(0.01)
    assert await readiness.store() is Condition.OK
    assert answers.asked == 1

    answers.condition = Condition.UNAVAILABLE
    assert await readiness.store() is Condition.UNAVAILABLE


async def test_a_store_that_is_away_is_asked_every_second(
    answers: Answers, readiness: Readiness, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.fails = True
    assert await readiness.store() is Condition.UNAVAILABLE
    assert await readiness.store() is Condition.UNAVAILABLE
    assert answers.asked == 1

    answers.fails = False
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.0)
    assert await readiness.store() is Condition.OK


@pytest.mark.parametrize(
    ("seconds", "condition"),
    [(0, Condition.OK), (1.5, Condition.OK), (5, Condition.DEGRADED), (-5, Condition.DEGRADED)],
)
async def test_readiness_says_that_the_clock_is_off(
    answers: Answers, readiness: Readiness, seconds: float, condition: Condition
) -> None:
    """By the store's, either way."""
    answers.ahead = timedelta(seconds=seconds)
    await readiness.store()

    assert readiness.clock is condition


async def test_the_clocks_are_compared_however_busy_the_store_is(answers: Answers) -> None:
    off = Readiness(answers, wall_clock=lambda: time.time() - 100)
    answers.seconds_since_answer = 0.0

    await off.store()

    assert off.clock is Condition.DEGRADED


@pytest.mark.parametrize(("seconds", "named"), [(5, "5 seconds behind"), (-5, "5 seconds ahead")])
async def test_the_doctor_says_how_far_it_is_off(
    answers: Answers, seconds: float, named: str
) -> None:
    answers.ahead = timedelta(seconds=seconds)

    (finding,) = await clock(answers)

    assert named in finding.text
    assert "NTP" in finding.remedy


async def test_the_doctor_is_content_with_a_clock_that_is_right(answers: Answers) -> None:
    assert await clock(answers) == []
