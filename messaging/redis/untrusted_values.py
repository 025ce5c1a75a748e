"""Reads values from Redis, where others may have written anything. Numbers are checked; anything
else counts as unknown."""

import math
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from redis.asyncio.client import Pipeline
from redis.exceptions import ResponseError

from messaging.redis.client import describe

logger = structlog.get_logger(__name__)

MAX_INSTANCES = 1_024
"""Further entries of a registry are ignored: each costs a command at every read."""
_AHEAD_SECONDS = 60.0
"""How many seconds the clock of the writing instance may be ahead."""
_MAX_NUMBER = 2**53
_LINE_SECONDS = 1.0
_BOOT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_next_line = 0.0


async def answers_of(pipeline: Pipeline) -> list[Any]:
    """Execute a pipeline. An answer is None if Redis refuses the command because the key has
    another type; the other commands keep their answers. Raises the errors of a call if Redis is
    down."""
    answers = await pipeline.execute(raise_on_error=False)
    found: list[Any] = []
    for answer in answers:
        if not isinstance(answer, Exception):
            found.append(answer)
        elif isinstance(answer, ResponseError) and str(answer).startswith("WRONGTYPE"):
            note_garbage(describe(answer))
            found.append(None)
        else:
            raise answer
    return found


def note_garbage(what: str) -> None:
    """Log a useless value, at most once a second."""
    global _next_line  # noqa: PLW0603 - of all keys together
    now = time.monotonic()
    if now >= _next_line:
        _next_line = now + _LINE_SECONDS
        logger.warning("redis.garbage", what=what)


def as_moment(value: object) -> float | None:
    """Return seconds since the epoch, or None if the value is not a time or lies in the future."""
    number = _finite(value)
    if number is None or not 0 <= number <= time.time() + _AHEAD_SECONDS:
        _note(value)
        return None
    return number


def as_number(value: object) -> int | None:
    """Return a count or a seq, or None if the value is not a number."""
    number = _finite(value)
    if number is None or not 0 <= number <= _MAX_NUMBER or number != int(number):
        _note(value)
        return None
    return int(number)


def as_list(value: object, length: int) -> Sequence[Any]:
    """Return an answer with one value for each of `length` questions. All are unknown if it is not
    such a list."""
    if isinstance(value, list) and len(value) == length:
        return value
    return [None] * length


def boot_ids(values: object) -> list[str]:
    """Return the first valid boot ids of a registry."""
    if not isinstance(values, Iterable):
        return []
    found = [value for value in values if isinstance(value, str) and _BOOT_ID.fullmatch(value)]
    return found[:MAX_INSTANCES]


def _finite(value: object) -> float | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _note(value: object) -> None:
    if value is not None:
        note_garbage(repr(value)[:100])
