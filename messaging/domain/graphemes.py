"""Grapheme clusters: where a text may be cut."""

from collections.abc import Iterator

import regex

_GRAPHEME = regex.compile(r"\X")
ELLIPSIS = "…"


def graphemes(text: str) -> Iterator[str]:
    """Yield the grapheme clusters of a text (https://www.unicode.org/reports/tr29/)."""
    for found in _GRAPHEME.finditer(text):
        yield found.group()


def shortened(text: str, most: int) -> str:
    """Return the text. If it has more than `most` code points, cut it between graphemes and append
    an ellipsis."""
    if len(text) <= most:
        return text
    return "".join(beginning(text, most - len(ELLIPSIS))) + ELLIPSIS


def beginning(text: str, most: int) -> list[str]:
    """Return the first graphemes of a text, of at most `most` code points together."""
    kept: list[str] = []
    length = 0
    for grapheme in graphemes(text):
        length += len(grapheme)
        if length > most:
            break
        kept.append(grapheme)
    return kept
