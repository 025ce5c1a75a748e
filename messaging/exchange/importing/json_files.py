"""Reads JSON and JSON Lines of an export, with the line of each value."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from messaging.exchange.importing.foreign import Found, Origin, Unusable, name_in

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)


class Value:
    """A decoded value and its place."""

    __slots__ = ("origin", "value")

    def __init__(self, value: Any, origin: Origin) -> None:
        self.value = value
        self.origin = origin


def read_json_lines(folder: Path, path: Path) -> Iterator[Value | Found]:
    """Yield the value of each line, or why it has none."""
    name = name_in(folder, path)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            origin = Origin(name, number)
            if not line.strip():
                continue
            try:
                yield Value(json.loads(line), origin)
            except (ValueError, RecursionError) as error:
                yield Found(Unusable(_reason(error)), origin)


def read_elements(folder: Path, path: Path, *, member: str = "") -> Iterator[Value | Found]:
    """Yield the elements of the array that a file holds, or that is a member of its object."""
    name = name_in(folder, path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        yield Found(Unusable("The file is not UTF-8."), Origin(name, 1))
        return
    scan = _Scan(text, name)
    try:
        if member:
            scan.go_to(member)
        yield from scan.elements()
    except json.JSONDecodeError as error:
        yield Found(Unusable(_reason(error)), Origin(name, error.lineno))
    except RecursionError as error:
        yield Found(Unusable(_reason(error)), Origin(name, scan.line))


class _Scan:
    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._at = 0
        self._counted_at = 0
        self.line = 1

    def go_to(self, member: str) -> None:
        """Go to the value of a member of the object."""
        self._expect("{")
        while True:
            self._skip()
            name, self._at = _DECODER.raw_decode(self._text, self._at)
            self._expect(":")
            self._skip()
            if name == member:
                return
            _, self._at = _DECODER.raw_decode(self._text, self._at)
            self._expect(",")

    def elements(self) -> Iterator[Value]:
        self._expect("[")
        self._skip()
        if self._text[self._at : self._at + 1] == "]":
            return
        while True:
            self._skip()
            origin = Origin(self._name, self._line())
            value, self._at = _DECODER.raw_decode(self._text, self._at)
            yield Value(value, origin)
            self._skip()
            if self._text[self._at : self._at + 1] == "]":
                return
            self._expect(",")

    def _expect(self, character: str) -> None:
        self._skip()
        if self._text[self._at : self._at + 1] != character:
            raise json.JSONDecodeError(f"Expected {character!r}", self._text, self._at)
        self._at += 1

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _line(self) -> int:
        self.line += self._text.count("\n", self._counted_at, self._at)
        self._counted_at = self._at
        return self.line


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"It is not JSON: {error.msg}, column {error.colno}."
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    return "The line is not UTF-8."
