"""What is found in Redis, where others may have written anything: numbers are checked, and what is
none counts as unknown."""

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

MAX_INSTANCES = 256
"""Any more in a registry are left out: each costs a command with every look."""
_AHEAD_SECONDS = 60.0
"""By which the clock of the instance that wrote a moment may be ahead."""
_MAX_NUMBER = 2**53
_LINE_SECONDS = 1.0
_BOOT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_next_line = 0.0


async def answers_of(pipeline: Pipeline) -> list[Any]:
    """Execute a pipeline. What Redis refuses because a key holds something of another type is None;
    the other commands have their answers. Raises what a call may where Redis is away."""
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
    """Say that something is of no use, at most once a second."""
    global _next_line  # noqa: PLW0603 - of all keys together
    now = time.monotonic()
    if now >= _next_line:
        _next_line = now + _LINE_SECONDS
        logger.warning("redis.garbage", what=what)


def as_moment(value: object) -> float | None:
    """Seconds since the epoch; None for what is no moment, or lies in the future."""
    number = _finite(value)
    if number is None or not 0 <= number <= time.time() + _AHEAD_SECONDS:
        _note(value)
        return None
    return number


def as_number(value: object) -> int | None:
    """A count or a seq; None for what is none."""
    number = _finite(value)
    if number is None or not 0 <= number <= _MAX_NUMBER or number != int(number):
        _note(value)
        return None
    return int(number)


def as_list(value: object, length: int) -> Sequence[Any]:
    """An answer with one value for each of `length` questions; unknown where it is none."""
    if isinstance(value, list) and len(value) == length:
        return value
    return [None] * length


def boot_ids(values: object) -> list[str]:
    """Of a registry, the first ones that can be boot ids."""
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
