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


_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")
_MARKS = {
    b"\xef\xbb\xbf": "The file begins with a byte order mark. Remove it.",
    b"\xff\xfe": "The file is in UTF-16. It must be in UTF-8.",
    b"\xfe\xff": "The file is in UTF-16. It must be in UTF-8.",
}


def _foreign(first: bytes) -> str:
    """Return why a file that begins like this is not one of the format; empty if it may be one."""
    if first.startswith(_COMPRESSED):
        return "The file is compressed. Unpack it first."
    return next((reason for mark, reason in _MARKS.items() if first.startswith(mark)), "")


def read_lines(file: BinaryIO, *, number: int = 0, at: int = 0) -> Iterator[Line]:
    """Yield the lines of a file from its present place, which is after `number` lines and `at`
    bytes. A blank line at the end is skipped."""
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        at += len(line)
        if number == 1 and (foreign := _foreign(line)):
            yield Line(number=1, record=Malformed(foreign), end=at)
            return
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
