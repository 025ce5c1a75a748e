"""What an examination finds, and how all of them are carried out side by side."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

_MAX_SECONDS = 15.0


class Level(StrEnum):
    WELL = "well"
    NOTE = "note"
    """It works, and is not as it should be."""
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    level: Level
    text: str
    remedy: str = ""
    """What to do about it."""


Examination = Callable[[], Awaitable[Sequence[Finding]]]


def well(text: str) -> Finding:
    return Finding(level=Level.WELL, text=text)


def note(text: str, remedy: str) -> Finding:
    return Finding(level=Level.NOTE, text=text, remedy=remedy)


def wrong(text: str, remedy: str) -> Finding:
    return Finding(level=Level.WRONG, text=text, remedy=remedy)


async def examine_all(
    examinations: Mapping[str, Examination],
) -> AsyncIterator[tuple[str, Sequence[Finding]]]:
    """What each finds, as they end; none takes longer than fifteen seconds."""

    async def examine(name: str) -> tuple[str, Sequence[Finding]]:
        try:
            async with asyncio.timeout(_MAX_SECONDS):
                return name, await examinations[name]()
        except TimeoutError:
            text = f"It has not answered within {_MAX_SECONDS:g} seconds."
            return name, [wrong(text, "See whether the network lets connections through.")]
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are examined
            text = f"The examination itself failed: {type(error).__name__}: {error}"
            return name, [wrong(text, "Please report this.")]

    for ended in asyncio.as_completed([examine(name) for name in examinations]):
        yield await ended


class Stopwatch:
    """How long it is since it was made."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @property
    def ms(self) -> str:
        return f"{self.seconds * 1000:.1f} ms"
