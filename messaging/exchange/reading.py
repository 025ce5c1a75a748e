"""Reads a file of the exchange format line by line, in constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from messaging.exchange.lines import MAX_LINE_BYTES, Malformed, decode
from messaging.exchange.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a file cannot be loaded."""

    line: int
    """From 1; 0 if it concerns the whole file."""
    reason: str
    file: str = ""
    """The name of the file, if there are several."""

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else ""
        place = " ".join(filter(None, (self.file, place)))
        return f"{place}: {self.reason}" if place else self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    number: int
    record: Record | Malformed
    end: int
    """The place in the file after the line, in bytes."""


def read_lines(file: BinaryIO, *, number: int = 0, at: int = 0) -> Iterator[Line]:
    """Yield the lines of a file from its present place, which is after `number` lines and `at`
    bytes. A blank line at the end is skipped."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        at += len(line)
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            reason = Malformed(f"The line has more than {MAX_LINE_BYTES} bytes.")
            yield Line(number=number, record=reason, end=at)
            return
        found: Record | Malformed
        try:
            found = decode(line)
        except Malformed as malformed:
            if not line.strip():
                continue
            found = malformed
        yield Line(number=number, record=found, end=at)
