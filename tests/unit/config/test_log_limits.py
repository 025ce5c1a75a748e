"""What refused work may write into the log."""

import logging
import sys

import pytest

from config.log_limits import (
    LINES_PER_ACTION,
    LINES_PER_SECOND,
    AnsweredElsewhere,
    LineLimit,
    add_suppressed,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limit(clock: Clock) -> LineLimit:
    return LineLimit(clock)


def line(action: str, level: int = logging.WARNING, **fields: object) -> logging.LogRecord:
    event = {"event": action, **fields}
    return logging.LogRecord("chat", level, "", 0, event, (), None)


def written(limit: LineLimit, *lines: logging.LogRecord) -> int:
    return sum(bool(limit.filter(one)) for one in lines)


def test_information_is_not_limited(limit: LineLimit) -> None:
    """Work that was carried out writes its line."""
    assert written(limit, *(line("request.handled", logging.INFO) for _ in range(100))) == 100


@pytest.mark.parametrize("fields", [{"level": logging.WARNING}, {"level": logging.ERROR}])
def test_an_action_writes_so_many_lines_a_second(
    limit: LineLimit, clock: Clock, fields: dict[str, int]
) -> None:
    """The first line afterwards says how many were left out."""
    lines = [line("store.unavailable", **fields) for _ in range(100)]
    assert written(limit, *lines) == LINES_PER_ACTION

    clock.now += 1
    following = line("store.unavailable", **fields)
    assert limit.filter(following)
    event = add_suppressed(None, "", {"event": "store.unavailable", "_record": following})
    assert event["suppressed"] == 100 - LINES_PER_ACTION


def test_a_refusal_is_limited_whatever_its_level(limit: LineLimit) -> None:
    lines = [line("request.handled", logging.INFO, refused=True) for _ in range(100)]

    assert written(limit, *lines) == LINES_PER_ACTION


def test_all_actions_together_are_limited(limit: LineLimit) -> None:
    lines = [line(f"action.{number % 20}") for number in range(100)]

    assert written(limit, *lines) == LINES_PER_SECOND


def test_no_flood_hides_a_fault(limit: LineLimit) -> None:
    written(limit, *(line(f"action.{number % 20}") for number in range(100)))

    assert limit.filter(line("commit.failed", logging.ERROR))


def test_lines_of_libraries_are_limited_by_logger(limit: LineLimit) -> None:
    """Whatever they say: their texts are no actions."""
    lines = [
        logging.LogRecord("library", logging.WARNING, "", 0, f"text {number}", (), None)
        for number in range(100)
    ]

    assert written(limit, *lines) == LINES_PER_ACTION


def test_an_answer_is_not_logged_twice() -> None:
    """Django says of each 503 that it was one; of an exception nobody else says it."""
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "%s: %s", ("x", "/y"), None)
    assert not AnsweredElsewhere().filter(record)

    try:
        raise RuntimeError
    except RuntimeError:
        record.exc_info = sys.exc_info()
    assert AnsweredElsewhere().filter(record)
    assert record.getMessage() == "page.failed"
