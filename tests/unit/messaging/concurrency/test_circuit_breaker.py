"""A circuit breaker: calls to a dependency that does not answer are few."""

import math
import time

import pytest
from prometheus_client import Gauge

from messaging.concurrency.circuit_breaker import CircuitBreaker


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


def three(breaker: CircuitBreaker) -> list[bool]:
    return [breaker.allows() for _ in range(3)]


def test_it_opens_after_failures_in_a_row() -> None:
    """An answer in between starts anew."""
    breaker = CircuitBreaker(failures=2)
    breaker.failed()
    breaker.answered()
    breaker.failed()
    assert (breaker.failing, breaker.open, three(breaker)) == (True, False, [True] * 3)

    breaker.failed()

    assert (breaker.failing, breaker.open, three(breaker)) == (True, True, [False] * 3)


def test_one_call_tries_after_each_pause(clock: Clock) -> None:
    """Another one only after the next pause, though the first has not ended."""
    breaker = CircuitBreaker(failures=1)
    breaker.failed()
    for _ in range(3):
        clock.now += 0.99
        assert three(breaker) == [False] * 3
        clock.now += 0.02
        assert three(breaker) == [True, False, False]


def test_a_failed_try_pauses_from_its_end(clock: Clock) -> None:
    breaker = CircuitBreaker(failures=1)
    breaker.failed()
    clock.now += 1.01
    assert breaker.allows()
    clock.now += 0.5
    breaker.failed()
    clock.now += 0.99
    assert not breaker.allows()
    clock.now += 0.02
    assert breaker.allows()


def test_the_first_answer_closes_it() -> None:
    breaker = CircuitBreaker(failures=1)
    breaker.failed()
    breaker.answered()

    assert (breaker.failing, breaker.open, breaker.pause) == (False, False, 0.0)
    assert three(breaker) == [True] * 3


@pytest.mark.parametrize(("failures", "before"), [(1, []), (3, [0.0, 0.0])])
def test_pauses_grow_with_the_failures(failures: int, before: list[float], clock: Clock) -> None:
    """From the one on that opened it; the last pause repeats."""
    breaker = CircuitBreaker(failures=failures, pauses=(1.0, 2.0, 5.0))
    pauses = []
    for _ in range(failures + 3):
        clock.now += 5.01
        assert breaker.allows()
        breaker.failed()
        pauses.append(breaker.pause)

    assert pauses == [*before, 1.0, 2.0, 5.0, 5.0]


def test_calls_that_began_before_it_opened_do_not_count(clock: Clock) -> None:
    """Of many calls that fail together, those after the one that opened it neither lengthen the
    pause nor begin it again."""
    breaker = CircuitBreaker(failures=2, pauses=(1.0, 2.0, 5.0))
    for _ in range(64):
        breaker.failed()
        clock.now += 0.015
    assert breaker.pause == 1.0
    clock.now += 0.06
    assert three(breaker) == [True, False, False]

    for _ in range(64):
        breaker.failed()
    assert breaker.pause == 2.0


def test_each_call_says_whether_it_opened_or_closed_it() -> None:
    """Once: whoever shows it need not compare."""
    breaker = CircuitBreaker(failures=2)

    assert [breaker.failed() for _ in range(3)] == [False, True, False]
    assert [breaker.answered() for _ in range(2)] == [True, False]


def test_the_gauge_shows_an_open_breaker() -> None:
    gauge = Gauge("open", "", registry=None)
    breaker = CircuitBreaker(failures=2, gauge=gauge)
    shown = []
    for report in (breaker.failed, breaker.failed, breaker.failed, breaker.answered):
        report()
        (metric,) = gauge.collect()
        shown.append(metric.samples[0].value)

    assert shown == [0, 1, 1, 0]


def test_the_time_since_the_last_answer(clock: Clock) -> None:
    """A failure is none."""
    breaker = CircuitBreaker(failures=1)
    assert breaker.seconds_since_answer == math.inf
    breaker.answered()
    clock.now += 2.0
    breaker.failed()

    assert breaker.seconds_since_answer == 2.0
