"""The snippet of a hit: the part of its text around the first match, with all matches marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.search.query import Query

MAX_CHARACTERS = 200
_BEFORE = 60
"""The characters that are shown before the first match."""
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    match: bool


def snippet(query: Query, text: str) -> Sequence[Part]:
    """Return the parts of a snippet. All together they are a part of the text on one line, with an
    ellipsis where it was cut."""
    found = query.highlights(text)
    start = _beginning(text, found[0][0]) if found else 0
    end = _end(text, start, at_least=found[0][1] if found else 0)
    parts = [Part(_ELLIPSIS, match=False)] if start else []
    at = start
    for first, last in found:
        if first >= end:
            break
        if first > at:
            parts.append(Part(_on_one_line(text[at:first]), match=False))
        parts.append(Part(_on_one_line(text[first : min(last, end)]), match=True))
        at = min(last, end)
    if at < end:
        parts.append(Part(_on_one_line(text[at:end]), match=False))
    if end < len(text):
        parts.append(Part(_ELLIPSIS, match=False))
    return parts


def _beginning(text: str, first: int) -> int:
    """Return where to begin: at a word shortly before the first match."""
    if first <= _BEFORE:
        return 0
    space = text.find(" ", first - _BEFORE, first)
    return first - _BEFORE if space < 0 else space + 1


def _end(text: str, start: int, *, at_least: int) -> int:
    end = start + MAX_CHARACTERS
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", max(at_least, start), end)
    return end if space < 0 else space


def _on_one_line(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ")
