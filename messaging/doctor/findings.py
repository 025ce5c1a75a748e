"""The findings of an examination, and a runner for concurrent examinations."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

_MAX_SECONDS = 15.0


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    """It works, but should be improved."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    level: Level
    text: str
    remedy: str = ""
    """What to do about it."""


Examination = Callable[[], Awaitable[Sequence[Finding]]]


def ok(text: str) -> Finding:
    return Finding(level=Level.OK, text=text)


def warning(text: str, remedy: str) -> Finding:
    return Finding(level=Level.WARNING, text=text, remedy=remedy)


def problem(text: str, remedy: str) -> Finding:
    return Finding(level=Level.PROBLEM, text=text, remedy=remedy)


async def examine_all(
    examinations: Mapping[str, Examination],
) -> AsyncIterator[tuple[str, Sequence[Finding]]]:
    """Yield the findings of each examination as it ends, after at most fifteen seconds."""

    async def examine(name: str) -> tuple[str, Sequence[Finding]]:
        try:
            async with asyncio.timeout(_MAX_SECONDS):
                return name, await examinations[name]()
        except TimeoutError:
            text = f"It did not answer within {_MAX_SECONDS:g} seconds."
            return name, [problem(text, "Check that the network allows the connection.")]
        except Exception as error:  # noqa: BLE001 - the other examinations continue
            text = f"The examination itself failed: {type(error).__name__}: {error}"
            return name, [problem(text, "Report this as a bug.")]

    for ended in asyncio.as_completed([examine(name) for name in examinations]):
        yield await ended


class Stopwatch:
    """Measures the time since its creation."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @property
    def ms(self) -> str:
        return f"{self.seconds * 1000:.1f} ms"
